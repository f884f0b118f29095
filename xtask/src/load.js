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

/* The modules that the page begins with come as one file, its pack: the length of a list in 32 bits, the list of names and
   lengths as JSON, then one module after the other. Without it each is asked for when it is needed. */
async function unpack(link) {
    const modules = new Map();
    const answer = link && (await fetch(link.href).catch(() => null));
    if (answer?.ok) {
        const bytes = await answer.arrayBuffer();
        const list = new Uint8Array(bytes, 4, new DataView(bytes).getUint32(0, true));
        let at = 4 + list.length;
        for (const [name, length] of JSON.parse(new TextDecoder().decode(list))) {
            modules.set(name, WebAssembly.compile(new Uint8Array(bytes, at, length)));
            at += length;
        }
    }
    return modules;
}

const packed = unpack(document.querySelector("link[rel=preload][href$='.pack']"));
const compiled = new Map();

function compile(url) {
    let module = compiled.get(url.href);
    if (module === undefined) {
        const name = url.pathname.split("/").pop();
        module = packed.then((modules) => modules.get(name) ?? WebAssembly.compileStreaming(load(url)));
        module.catch(() => compiled.delete(url.href));
        compiled.set(url.href, module);
    }
    return module;
}

async function instantiate(module, imports) {
    return WebAssembly.instantiate(await module, imports);
}
