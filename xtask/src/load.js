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
