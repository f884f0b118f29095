//! The buttons by which a chart leaves its page.

use super::Form;
use crate::{
    browser,
    ui::{
        erase::{handler, view},
        icon::Icon,
        toast::Toaster,
    },
};
use leptos::prelude::*;

/// `export` says whether there was something to draw, `address` what a copied link leads to.
#[component]
pub fn Forms(export: Callback<Form, bool>, address: Callback<(), String>) -> impl IntoView {
    let toaster = Toaster::here();
    let forms = [
        (Form::Png, "download", "PNG, double size"),
        (Form::Svg, "download", "SVG"),
        (Form::Csv, "download", "CSV"),
        (Form::Copy, "copy", "Copy image"),
    ];
    let send = move |form| match (export.run(form), form) {
        (false, _) => toaster.fail("There is nothing to draw"),
        (true, Form::Copy) => toaster.say("Copied the image"),
        (true, _) => {}
    };
    let form = move |(form, icon, word): (Form, &'static str, &'static str)| {
        view! {
            <button class="button" type="button" on:click=handler(move |_| send(form))>
                <Icon name=icon />
                {word}
            </button>
        }
    };
    let copy_link = move |_| {
        browser::copy(&address.run(()));
        toaster.say("Copied the link");
    };
    view! {
        {forms.map(form).collect_view()}
        <button class="button" type="button" on:click=handler(copy_link)>
            <Icon name="copy" />
            "Copy link"
        </button>
    }
}
