/* Asks for a module until it is here. When another version of the site is served, this page's modules are gone: then the
   page is loaded anew. */
async function load(url) {
    for (;;) {
        const answer = await fetch(url).catch(() => null);
        if (answer?.ok) {
            return answer;
        }
        if (answer?.status === 404) {
            location.reload();
            await new Promise(() => {});
        }
        await new Promise((again) => setTimeout(again, 1000));
    }
}

/* Modules come together in a pack: the length of a list in 32 bits, the list of names and lengths as JSON, then one module
   after the other. */
async function unpack(answer) {
    const modules = new Map();
    const bytes = await answer.arrayBuffer();
    const list = new Uint8Array(bytes, 4, new DataView(bytes).getUint32(0, true));
    let at = 4 + list.length;
    for (const [name, length] of JSON.parse(new TextDecoder().decode(list))) {
        modules.set(name, WebAssembly.compile(new Uint8Array(bytes, at, length)));
        at += length;
    }
    return modules;
}

/* What the page begins with is in the pack that its head names. Without it all is asked for when it is needed. */
async function begin() {
    const link = document.querySelector("link[rel=preload][href$='.pack']");
    const answer = link && (await fetch(link.href).catch(() => null));
    return answer?.ok ? unpack(answer) : new Map();
}

let wanted = null;

/* What is asked for in one go comes in one pack. */
function ask(name) {
    if (wanted === null) {
        const names = [];
        const pack = Promise.resolve().then(() => {
            wanted = null;
            const all = names.sort().join();
            return load(new URL(`./modules.pack?of=${all}`, import.meta.url)).then(unpack);
        });
        wanted = { names, pack };
    }
    wanted.names.push(name);
    return wanted.pack.then((modules) => modules.get(name));
}

const begun = begin();
const compiled = new Map();

function compile(url) {
    let module = compiled.get(url.href);
    if (module === undefined) {
        const name = url.pathname.split("/").pop();
        module = begun.then((modules) => modules.get(name) ?? ask(name));
        module.catch(() => compiled.delete(url.href));
        compiled.set(url.href, module);
    }
    return module;
}

async function instantiate(module, imports) {
    return WebAssembly.instantiate(await module, imports);
}
