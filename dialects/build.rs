//! Generates and compiles the C++ of the dialects, and stands in for the libMLIR-C.so that Debian's
//! packages lack.
use std::{env, fs, path::Path, process::Command};

fn run(command: &mut Command) {
    let status = command.status();
    assert!(status.as_ref().is_ok_and(|s| s.success()), "{command:?}: {status:?}");
}

fn main() {
    let prefix = env::var("MLIR_SYS_220_PREFIX").unwrap_or("/usr/lib/llvm-22".into());
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let (bin, lib, include) = (format!("{prefix}/bin"), format!("{prefix}/lib"), format!("{prefix}/include"));
    println!("cargo:rerun-if-changed=td");
    println!("cargo:rerun-if-changed=cpp");
    println!("cargo:rerun-if-env-changed=MLIR_SYS_220_PREFIX");

    // 1. ODS to C++.
    for dialect in ["Ee", "Dataflow"] {
        for (generator, suffix) in [
            ("-gen-dialect-decls", "Dialect.h.inc"),
            ("-gen-dialect-defs", "Dialect.cpp.inc"),
            ("-gen-op-decls", "Ops.h.inc"),
            ("-gen-op-defs", "Ops.cpp.inc"),
            ("-gen-attrdef-decls", "Attributes.h.inc"),
            ("-gen-attrdef-defs", "Attributes.cpp.inc"),
            ("-gen-typedef-decls", "Types.h.inc"),
            ("-gen-typedef-defs", "Types.cpp.inc"),
        ] {
            run(Command::new(format!("{bin}/mlir-tblgen"))
                .args([generator, "-I", &include, &format!("td/{dialect}.td")])
                .args(["-o", &format!("{out}/{dialect}{suffix}")]));
        }
    }

    // 2. C++ to one static archive. LLVM is built without RTTI, so must we be.
    let archive = format!("{out}/libatheena_cpp.a");
    let mut objects = vec![];
    let mut compilers = vec![];
    for file in ["Ee", "Dataflow", "Shim"] {
        let object = format!("{out}/{file}.o");
        let mut clang = Command::new(format!("{bin}/clang++"));
        clang.args(["-c", "-std=c++17", "-fno-rtti", "-fno-exceptions", "-fPIC", "-O1", "-Wall", "-Werror"]);
        clang.args(["-fvisibility-inlines-hidden", "-D_GNU_SOURCE"]);
        clang.args(["-isystem", &include, "-I", &out, &format!("cpp/{file}.cpp"), "-o", &object]);
        compilers.push(clang.spawn().expect("clang++ of LLVM 22 runs"));
        objects.push(object);
    }
    for mut compiler in compilers {
        assert!(compiler.wait().is_ok_and(|s| s.success()), "the C++ does not compile");
    }
    let _ = fs::remove_file(&archive);
    run(Command::new(format!("{bin}/llvm-ar")).args(["rcs", &archive]).args(&objects));
    println!("cargo:rustc-link-lib=static=atheena_cpp");
    println!("cargo:rustc-link-search=native={out}");

    // 3. mlir-sys asks for -lMLIR-C. Give the linker a text script of that name that pulls the static
    //    archives of the C API (2.4 MB), and everything else from the shared libMLIR and libLLVM: one
    //    copy of MLIR in a process, which is what lets the stock mlir-opt load the plugin.
    let mut names: Vec<_> = fs::read_dir(&lib)
        .expect("LLVM's library folder is readable")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("libMLIRCAPI") && name.ends_with(".a"))
        .collect();
    names.sort();
    let mut script = String::from("/* GNU ld script */\nINPUT(");
    for name in names {
        script += &format!(" {}", Path::new(&lib).join(name).display());
    }
    script += &format!(" {lib}/libMLIR.so {lib}/libLLVM.so)\n");
    fs::write(format!("{out}/libMLIR-C.so"), script).expect("OUT_DIR is writable");
}
