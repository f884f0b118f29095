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

const compiled = new Map();

function compile(url) {
    let module = compiled.get(url.href);
    if (module === undefined) {
        module = WebAssembly.compileStreaming(load(url));
        module.catch(() => compiled.delete(url.href));
        compiled.set(url.href, module);
    }
    return module;
}

async function instantiate(module, imports) {
    return WebAssembly.instantiate(await module, imports);
}

/* What the page's head names is compiled beside the first module, and not after it. */
for (const { href } of document.querySelectorAll("link[rel=preload][as=fetch]")) {
    if (!href.endsWith("_bg.wasm")) {
        compile(new URL(href));
    }
}
