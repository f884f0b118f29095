//! Icons: one sprite of our own drawings, once in the document; an icon costs one element.

use super::erase::view;
use leptos::prelude::*;

/// The tab's picture: two curves.
#[cfg(feature = "ssr")]
pub const FAVICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='7' fill='%231f4fd1'/%3E%3Cpath d='M5 9c6 14 12 14 22 15' fill='none' stroke='%23fff' stroke-width='3' stroke-linecap='round'/%3E%3Cpath d='M5 24C10 12 16 9 27 8' fill='none' stroke='%239ec1ff' stroke-width='3' stroke-linecap='round'/%3E%3C/svg%3E";

/// A drawing of the sprite. Purely decorative: the word beside it, or a label, says what it means.
#[component]
pub fn Icon(name: &'static str) -> impl IntoView {
    view! {
        <svg class="icon" aria-hidden="true" focusable="false">
            <use href=format!("#icon-{name}")></use>
        </svg>
    }
}

/// Every drawing: 16 units square, stroked in the text's colour.
#[cfg(feature = "ssr")]
pub const SPRITE: &str = r#"
<symbol id="icon-logo" viewBox="0 0 16 16"><path d="M2 4c3 8 6 8 12 8.5"/><path d="M2 12.5C5 6 8 4.5 14 4" opacity=".6"/></symbol>
<symbol id="icon-experiment" viewBox="0 0 16 16"><path d="M6 2h4M6.5 2v4.2L2.9 12.5A1.1 1.1 0 0 0 3.9 14h8.2a1.1 1.1 0 0 0 1-1.5L9.5 6.2V2M5 10h6"/></symbol>
<symbol id="icon-model" viewBox="0 0 16 16"><path d="m8 1.8 5.4 3.1v6.2L8 14.2l-5.4-3.1V4.9zM2.6 4.9 8 8l5.4-3.1M8 8v6.2"/></symbol>
<symbol id="icon-dataset" viewBox="0 0 16 16"><ellipse cx="8" cy="3.8" rx="5" ry="2"/><path d="M3 3.8v8.4c0 1.1 2.2 2 5 2s5-.9 5-2V3.8M3 8c0 1.1 2.2 2 5 2s5-.9 5-2"/></symbol>
<symbol id="icon-search" viewBox="0 0 16 16"><circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 3.5 3.5"/></symbol>
<symbol id="icon-plus" viewBox="0 0 16 16"><path d="M8 3v10M3 8h10"/></symbol>
<symbol id="icon-edit" viewBox="0 0 16 16"><path d="m3 13 .7-3L10.5 3.2l2.3 2.3L6 12.3zM9 4.7 11.3 7"/></symbol>
<symbol id="icon-archive" viewBox="0 0 16 16"><path d="M2.5 3h11v3h-11zM3.5 6v7h9V6M6.5 9h3"/></symbol>
<symbol id="icon-trash" viewBox="0 0 16 16"><path d="M2.5 4.5h11M6 4.5v-2h4v2M4 4.5l.7 9h6.6l.7-9M6.8 7v4M9.2 7v4"/></symbol>
<symbol id="icon-rows" viewBox="0 0 16 16"><path d="M2.5 4h11M2.5 8h11M2.5 12h11"/></symbol>
<symbol id="icon-group" viewBox="0 0 16 16"><path d="M2.5 3.5h11M5.5 7h8M5.5 9.5h8M2.5 13h11M2.5 6.2v4"/></symbol>
<symbol id="icon-restore" viewBox="0 0 16 16"><path d="M3 8a5 5 0 1 0 1.5-3.6M3 2.5v3h3"/></symbol>
<symbol id="icon-copy" viewBox="0 0 16 16"><path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3"/></symbol>
<symbol id="icon-elsewhere" viewBox="0 0 16 16"><path d="M9 2.5h4.5V7M13.5 2.5 7.5 8.5M6.5 3.5h-4v10h10v-4"/></symbol>
<symbol id="icon-check" viewBox="0 0 16 16"><path d="m3 8.5 3.2 3.2L13 5"/></symbol>
<symbol id="icon-cross" viewBox="0 0 16 16"><path d="m4 4 8 8M12 4l-8 8"/></symbol>
<symbol id="icon-square" viewBox="0 0 16 16"><path d="M4.5 4.5h7v7h-7z" fill="currentColor"/></symbol>
<symbol id="icon-ring" viewBox="0 0 16 16"><circle cx="8" cy="8" r="4.5"/></symbol>
<symbol id="icon-lost" viewBox="0 0 16 16"><circle cx="8" cy="8" r="4.5" stroke-dasharray="2.4 2.3"/></symbol>
<symbol id="icon-dot" viewBox="0 0 16 16"><circle cx="8" cy="8" r="4" fill="currentColor"/></symbol>
<symbol id="icon-up" viewBox="0 0 16 16"><path d="M8 13V3.5M4 7.5l4-4 4 4"/></symbol>
<symbol id="icon-down" viewBox="0 0 16 16"><path d="M8 3v9.5M4 8.5l4 4 4-4"/></symbol>
<symbol id="icon-chevron" viewBox="0 0 16 16"><path d="m6 3.5 4.5 4.5L6 12.5"/></symbol>
<symbol id="icon-sun" viewBox="0 0 16 16"><circle cx="8" cy="8" r="2.8"/><path d="M8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1"/></symbol>
<symbol id="icon-moon" viewBox="0 0 16 16"><path d="M13 9.5A5.5 5.5 0 1 1 6.5 3a4.5 4.5 0 0 0 6.5 6.5z"/></symbol>
<symbol id="icon-auto" viewBox="0 0 16 16"><circle cx="8" cy="8" r="5.5"/><path d="M8 2.5a5.5 5.5 0 0 1 0 11z" fill="currentColor"/></symbol>
<symbol id="icon-rail" viewBox="0 0 16 16"><path d="M2.5 3h11v10h-11zM6.5 3v10"/></symbol>
<symbol id="icon-user" viewBox="0 0 16 16"><circle cx="8" cy="5.5" r="2.7"/><path d="M3 13.5c.6-3 2.5-4 5-4s4.4 1 5 4"/></symbol>
<symbol id="icon-download" viewBox="0 0 16 16"><path d="M8 2.5v7.5M4.5 7 8 10.5 11.5 7M3 13.5h10"/></symbol>
<symbol id="icon-upload" viewBox="0 0 16 16"><path d="M8 10.5V3M4.5 6 8 2.5 11.5 6M3 13.5h10"/></symbol>
<symbol id="icon-file" viewBox="0 0 16 16"><path d="M4 2h5l3 3v9H4zM9 2v3h3"/></symbol>
<symbol id="icon-folder" viewBox="0 0 16 16"><path d="M2 4h4l1.5 1.5H14V13H2z"/></symbol>
<symbol id="icon-columns" viewBox="0 0 16 16"><path d="M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10"/></symbol>
<symbol id="icon-compare" viewBox="0 0 16 16"><path d="M2.5 3h4v10h-4zM9.5 3h4v10h-4z"/></symbol>
<symbol id="icon-keyboard" viewBox="0 0 16 16"><path d="M1.5 4h13v8h-13zM4 6.5h.1M6.6 6.5h.1M9.2 6.5h.1M11.8 6.5h.1M5 9.5h6"/></symbol>
<symbol id="icon-alert" viewBox="0 0 16 16"><path d="M8 2.5 14.5 13.5h-13zM8 6.5v3.5M8 11.8v.2"/></symbol>
<symbol id="icon-offline" viewBox="0 0 16 16"><path d="M2 2l12 12M4 8.5a6 6 0 0 1 2-1.3M8.5 7a6 6 0 0 1 3.5 1.5M6.3 11a3 3 0 0 1 3.4 0M2 6a9 9 0 0 1 2-1.4M7 3.6A9 9 0 0 1 14 6M8 13.2v.1"/></symbol>
<symbol id="icon-tag" viewBox="0 0 16 16"><path d="M2.5 2.5H8l5.5 5.5L8 13.5 2.5 8zM5.5 5.5h.1"/></symbol>
<symbol id="icon-note" viewBox="0 0 16 16"><path d="M3 2.5h10v11H3zM5.5 6h5M5.5 8.5h5M5.5 11h3"/></symbol>
<symbol id="icon-clock" viewBox="0 0 16 16"><circle cx="8" cy="8" r="5.5"/><path d="M8 5v3.2l2 1.3"/></symbol>
<symbol id="icon-eye" viewBox="0 0 16 16"><path d="M1.5 8C3.2 5 5.4 3.8 8 3.8S12.8 5 14.5 8c-1.7 3-3.9 4.2-6.5 4.2S3.2 11 1.5 8z"/><circle cx="8" cy="8" r="1.9"/></symbol>
<symbol id="icon-eye-off" viewBox="0 0 16 16"><path d="M3.5 5.6C2.7 6.2 2 7 1.5 8c1.7 3 3.9 4.2 6.5 4.2 1 0 1.9-.2 2.7-.5M6.4 4c.5-.1 1-.2 1.6-.2 2.6 0 4.8 1.2 6.5 4.2-.5.9-1.1 1.6-1.7 2.2M2.5 2.5l11 11"/></symbol>
<symbol id="icon-filter" viewBox="0 0 16 16"><path d="M2.5 3.5h11L9.5 8.5v4.5l-3-1.5v-3z"/></symbol>
<symbol id="icon-pin" viewBox="0 0 16 16"><path d="M5.5 2.5h5M6.3 2.5 6 7.2 4 9.5h8l-2-2.3-.3-4.7M8 9.5v4.5"/></symbol>
<symbol id="icon-more" viewBox="0 0 16 16"><path d="M3.5 8h.1M8 8h.1M12.5 8h.1" stroke-width="2.4"/></symbol>
<symbol id="icon-base" viewBox="0 0 16 16"><path d="M2 8h12M8 2.5v3.5M6.5 4.5 8 6l1.5-1.5M8 13.5V10M6.5 11.5 8 10l1.5 1.5"/></symbol>
<symbol id="icon-undo" viewBox="0 0 16 16"><path d="M6.2 3 3 6.2l3.2 3.2M3 6.2h6.2a3.6 3.6 0 0 1 0 7.2H6.5"/></symbol>
<symbol id="icon-redo" viewBox="0 0 16 16"><path d="M9.8 3 13 6.2 9.8 9.4M13 6.2H6.8a3.6 3.6 0 0 0 0 7.2h2.7"/></symbol>
<symbol id="icon-view" viewBox="0 0 16 16"><path d="M4 2.5h8v11l-4-3-4 3z"/></symbol>
<symbol id="icon-param" viewBox="0 0 16 16"><path d="M2.5 5h5M11.5 5h2M2.5 11h2M8.5 11h5"/><circle cx="9.5" cy="5" r="1.8"/><circle cx="6.5" cy="11" r="1.8"/></symbol>
<symbol id="icon-metric" viewBox="0 0 16 16"><path d="M2.5 2.5v11h11M4.5 10l2.7-3.6 2.2 2 3.6-4.6"/></symbol>
<symbol id="icon-zoom-out" viewBox="0 0 16 16"><circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 3.5 3.5M5 7h4"/></symbol>
"#;
