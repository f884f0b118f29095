//! Makes sure that the folder of the browser half exists, and that a release notices a new one.

fn main() {
    let site = std::path::Path::new("../target/site");
    std::fs::create_dir_all(site.join("pkg")).expect("target/site can be made");
    println!("cargo:rerun-if-changed=build.rs");
    // Development builds read the files when they are asked for; only a release holds them inside.
    if std::env::var("PROFILE").as_deref() == Ok("release") {
        println!("cargo:rerun-if-changed=../target/site/version");
        println!("cargo:rerun-if-changed=../target/site/pkg");
    }
}
