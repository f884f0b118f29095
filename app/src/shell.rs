//! The HTML document around the application; only the server writes it.

use crate::{
    App, remote,
    ui::{erase::view, icon},
};
use leptos::{WasmSplitManifest, config::LeptosOptions, nonce::use_nonce, prelude::*};
use leptos_meta::MetaTags;
use model::user::Role;
use std::collections::HashMap;

/// The whole document. The browser half lies at `pkg`: `/pkg/0123456789abcdef`.
pub fn shell(options: LeptosOptions, pkg: String) -> impl IntoView + use<> {
    // From this Leptos names the script that loads modules; the modules of the page are in its pack.
    provide_context(WasmSplitManifest(ArcStoredValue::new((
        pkg.clone(),
        HashMap::new(),
        "split.js".to_owned(),
    ))));
    remote::content_security_policy();
    let session = remote::session();
    let name = options.output_name;
    let js = format!("{pkg}/{name}.js");
    let wasm = format!("{pkg}/{name}_bg.wasm");
    let pack = remote::pack().map(|pack| format!("{pkg}/{pack}.pack"));
    let start = format!(
        "import init, {{ hydrate }} from \"{js}\";\n\
         init({{ module_or_path: \"{wasm}\" }}).then(() => hydrate());"
    );
    view! {
        <!DOCTYPE html>
        <html
            lang="en"
            data-theme=some(session.theme)
            data-rail=some(session.rail)
            data-user=session.user
            data-role=session.role.map(Role::as_str)
        >
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href=icon::FAVICON />
                <link rel="stylesheet" href=format!("{pkg}/{name}.css") />
                <link rel="modulepreload" href=js />
                <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="" />
                {pack.map(|pack| view! { <link rel="preload" href=pack r#as="fetch" crossorigin="" /> })}
                <script type="module" nonce=use_nonce()>
                    {start}
                </script>
                <MetaTags />
            </head>
            <body>
                <App />
                <svg class="sprite" aria-hidden="true" inner_html=icon::SPRITE></svg>
            </body>
        </html>
    }
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}
