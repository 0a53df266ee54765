//! Files in scripts: what each function takes and gives, and how it refuses.

use crate::folder::{Folder, TestConsole};
use rexec::{ScriptHost, script::policy::Policy};
use std::{fs, os::unix::fs::PermissionsExt, sync::Arc};
use tokio_util::sync::CancellationToken;

/// Runs a script beside a fresh folder, which is its `here`; gives its value.
fn eval(script: &str) -> String {
    let folder = Folder::with(&[("a.txt", "alpha"), ("d/b.txt", "beta")]);
    folder.eval(&beside(&folder, script))
}

fn beside(folder: &Folder, script: &str) -> String {
    format!("let here = local().in_dir({:?}); let dir = {0:?}; {script}", folder.path().to_str().unwrap())
}

#[test]
fn texts_and_blobs_are_written_and_read() {
    assert_eq!(eval(r#"here.read("a.txt")"#), r#""alpha""#);
    assert_eq!(eval(r#"here.write("x", "y\n"); here.read("x")"#), r#""y\n""#);
    assert_eq!(eval(r#"here.write("x", blob(3, 255)); here.read_bytes("x")"#), "[ffffff]");
    assert_eq!(
        eval(r#"here.append("a.txt", "!"); here.append("new", "?"); here.read("a.txt") + here.read("new")"#),
        r#""alpha!?""#
    );
    assert_eq!(eval(r#"here.write("x", ""); here.read("x")"#), r#""""#);
}

#[test]
fn a_mode_is_octal_however_it_is_written() {
    for mode in [r#""0640""#, r#""640""#, "0o640"] {
        assert_eq!(
            eval(&format!(r#"here.write("x", "", #{{ mode: {mode} }}); here.stat("x").mode"#)),
            r#""0640""#
        );
        assert_eq!(eval(&format!(r#"here.chmod("a.txt", {mode}); here.stat("a.txt").mode"#)), r#""0640""#);
        assert_eq!(
            eval(&format!(r#"here.mkdir("m", #{{ mode: {mode} }}); here.stat("m").mode"#)),
            r#""0640""#
        );
    }
}

#[test]
fn a_decimal_number_that_looks_like_a_mode_is_refused_and_says_how_to_write_it() {
    for call in [r#"here.chmod("a.txt", 644)"#, r#"here.write("x", "", #{ mode: 644 })"#] {
        let error = eval(&format!("let a = attempt(|| {call}); [a.error.kind, a.error.message]"));
        for part in ["invalid", "644 is a decimal number", "0644", "0o644"] {
            assert!(error.contains(part), "{error}");
        }
    }
    assert_eq!(eval(r#"attempt(|| here.chmod("a.txt", "rw")).error.kind"#), r#""invalid""#);
    assert_eq!(eval(r#"attempt(|| here.chmod("a.txt", [])).error.kind"#), r#""invalid""#);
    assert_eq!(eval(r#"attempt(|| here.write("x", "", #{ mode: 644 })); here.exists("x")"#), "false");
}

#[test]
fn an_unknown_option_is_refused_and_the_known_ones_are_named() {
    for (call, known) in [
        (r#"here.read("a.txt", #{ x: 1 })"#, "max_size"),
        (r#"here.write("x", "", #{ x: 1 })"#, "atomic"),
        (r#"here.mkdir("x", #{ x: 1 })"#, "owner"),
        (r#"here.remove("a.txt", #{ x: 1 })"#, "recursive"),
        (r#"here.upload(dir + "/a.txt", "x", #{ x: 1 })"#, "progress"),
        (r#"here.download("a.txt", dir + "/x", #{ x: 1 })"#, "skip_unchanged"),
    ] {
        let error = eval(&format!("attempt(|| {call}).error.message"));
        assert!(error.contains("unknown option `x`") && error.contains(known), "{error}");
    }
    assert!(eval(r#"attempt(|| here.upload(dir, "x", #{ progress: 5 })).error.message"#).contains("closure"));
}

#[test]
fn a_file_that_is_too_large_for_memory_is_refused() {
    let error = eval(r#"attempt(|| here.read("a.txt", #{ max_size: 4 })).error.message"#);
    assert!(error.contains("larger than the 4 bytes"), "{error}");
    assert_eq!(eval(r#"here.read("a.txt", #{ max_size: 5 })"#), r#""alpha""#);
}

#[test]
fn stat_says_what_is_known() {
    let (kind, size) = ("\"file\"", 5);
    assert_eq!(eval(r#"let s = here.stat("a.txt"); [s.kind, s.size]"#), format!("[{kind}, {size}]"));
    assert_eq!(eval(r#"here.stat("d").kind"#), r#""directory""#);
    assert_eq!(
        eval(r#"let s = here.stat("a.txt"); [type_of(s.owner), type_of(s.group)]"#),
        r#"["string", "string"]"#
    );
    assert_eq!(eval(r#"here.stat("a.txt").modified <= now()"#), "true");
    assert_eq!(eval(r#"here.stat("a.txt").keys().len()"#), "6");
}

#[test]
fn names_are_listed_found_made_and_removed() {
    assert_eq!(eval(r#"here.list(".")"#), r#"["a.txt", "d"]"#);
    assert_eq!(eval(r#"here.glob("**/*.txt")"#), r#"["a.txt", "d/b.txt"]"#);
    assert_eq!(eval(r#"here.mkdir("x/y"); here.mkdir("x/y"); here.list("x")"#), r#"["y"]"#);
    assert_eq!(
        eval(r#"here.rename("a.txt", "c"); [here.exists("a.txt"), here.exists("c")]"#),
        "[false, true]"
    );
    assert_eq!(eval(r#"attempt(|| here.remove("d")).ok"#), "false");
    assert_eq!(eval(r#"here.remove("d", #{ recursive: true }); here.list(".")"#), r#"["a.txt"]"#);
    assert_eq!(eval(r#"attempt(|| here.remove("x")).error.kind"#), r#""not_found""#);
    assert_eq!(
        eval(
            r#"here.remove("x", #{ missing_ok: true }); here.remove("x", #{ missing_ok: true, recursive: true })"#
        ),
        "()"
    );
    assert_eq!(eval(r#"here.symlink("a.txt", "l"); here.symlink("d", "l"); here.read_link("l")"#), r#""d""#);
    assert_eq!(eval(r#"here.checksum("a.txt").len()"#), "64");
}

#[test]
fn an_error_names_the_file_and_the_host() {
    let error = eval(r#"let e = attempt(|| here.read("missing")).error; [e.kind, e.host, e.message]"#);
    assert!(
        error.starts_with(r#"["not_found", "local", "read "#) && error.contains("missing: no such file"),
        "{error}"
    );
}

#[test]
fn files_and_folders_are_sent_fetched_and_copied() {
    assert_eq!(
        eval(
            r#"let r = here.upload(dir + "/d", "e/f"); [r.files, r.skipped, r.bytes, here.read("e/f/b.txt")]"#
        ),
        r#"[1, 0, 4, "beta"]"#
    );
    assert_eq!(eval(r#"attempt(|| here.upload(dir, "x", #{ verify: 5 })).error.kind"#), r#""invalid""#);
    assert_eq!(
        eval(
            r#"here.download("d", dir + "/back"); let r = here.download("d", dir + "/back"); [r.files, r.skipped]"#
        ),
        "[0, 1]"
    );
    assert_eq!(
        eval(r#"here.copy("d", "e"); here.copy("a.txt", "e/c"); here.list("e")"#),
        r#"["b.txt", "c"]"#
    );
    assert_eq!(
        eval(
            r#"here.upload(dir + "/a.txt", "x", #{ mode: 0o600, limit: 1, skip_unchanged: false, verify: false }); here.stat("x").mode"#
        ),
        r#""0600""#
    );
}

#[test]
fn a_closure_is_told_how_far_a_transfer_is() {
    let told = eval(
        r#"
        let last = ();
        let calls = 0;
        here.upload(dir, dir + "-copy", #{ progress: |p| { calls += 1; last = p; } });
        here.remove(dir + "-copy", #{ recursive: true });
        [calls > 0, last.bytes, last.total_bytes, last.files, last.total_files]
        "#,
    );
    assert_eq!(told, "[true, 9, 9, 2, 2]");
}

#[test]
fn a_closure_that_throws_ends_the_transfer() {
    let folder = Folder::with(&[]);
    fs::write(folder.path().join("large"), vec![0; 64 << 20]).unwrap();
    let script =
        r#"attempt(|| here.upload(dir + "/large", "copy", #{ progress: |p| throw "enough" })).error"#;
    assert_eq!(folder.eval(&beside(&folder, script)), r#""enough""#);
    let copied = fs::metadata(folder.path().join("copy"));
    assert!(copied.is_err(), "it went on: {copied:?}");
}

#[test]
fn a_closure_may_use_files_itself() {
    let script = r#"
        here.upload(dir + "/a.txt", "x", #{ progress: |p| here.write("told", `${p.files}`) });
        here.read("told")
    "#;
    assert_eq!(eval(script), r#""1""#);
}

#[test]
fn a_template_takes_values_and_names_what_is_missing() {
    assert_eq!(eval(r#"template("{{a}}-{{ b.c }}", #{ a: 1, b: #{ c: true } })"#), r#""1-true""#);
    assert_eq!(eval(r#"here.template("{{a}}", #{ a: "x" })"#), r#""x""#);
    let error = eval(r#"attempt(|| template("x\n {{nmae}}", #{ name: 1 })).error.message"#);
    assert!(error.contains("`nmae` at line 2, column 2"), "{error}");
    let error = eval(r#"attempt(|| template("{{a}}", #{ a: [1] })).error.message"#);
    assert!(error.contains("the value of `a` is an array"), "{error}");
}

#[test]
fn temporary_directories_go_with_the_script_however_it_ends() {
    for end in ["", "throw 1;", "exit(5);", "defer(|| local().write(dir + \"/late\", \"x\"));"] {
        let folder = Folder::with(&[]);
        let script = format!(
            r#"
            let dir = local().temp_dir();
            local().write(dir + "/a", "x");
            local().write({:?}, dir);
            {end}
            "#,
            folder.path().join("where").to_str().unwrap()
        );
        let _ = folder.run(&script);
        let dir = fs::read_to_string(folder.path().join("where")).unwrap();
        assert!(dir.contains("rexec-") && !fs::exists(&dir).unwrap(), "{end}: {dir}");
    }
}

#[test]
fn a_temporary_directory_goes_with_a_cancelled_script() {
    let folder = Folder::with(&[]);
    let token = CancellationToken::new();
    let host = ScriptHost::builder().cancellation(token.clone()).build();
    let note = folder.path().join("where");
    let script = format!(
        r#"let dir = local().temp_dir(); local().write({:?}, dir); sleep(600)"#,
        note.to_str().unwrap()
    );
    let canceller = {
        let note = note.clone();
        std::thread::spawn(move || {
            while !note.exists() {
                std::thread::yield_now();
            }
            token.cancel();
        })
    };
    folder.run_with(&host, &script).unwrap_err();
    canceller.join().unwrap();
    assert!(!fs::exists(fs::read_to_string(note).unwrap()).unwrap());
}

#[test]
fn a_transfer_ends_when_the_script_is_cancelled_and_leaves_nothing() {
    let folder = Folder::with(&[]);
    fs::File::create(folder.path().join("huge")).unwrap().set_len(1 << 40).unwrap();
    let token = CancellationToken::new();
    let host =
        ScriptHost::builder().cancellation(token.clone()).console(Arc::new(CancelsOnProgress(token))).build();
    // A hole of a terabyte to the void: it would take an hour.
    let script = r#"here.download("huge", "/dev/null", #{ verify: false })"#;
    folder.run_with(&host, &beside(&folder, script)).unwrap_err();
}

/// A console whose user gives up when a bar shows that something has begun.
struct CancelsOnProgress(CancellationToken);

impl rexec::script::console::Console for CancelsOnProgress {
    fn print(&self, _: &str) -> std::io::Result<()> {
        Ok(())
    }

    fn eprint(&self, _: &str) {}

    fn progress(&self, total: Option<u64>) -> Box<dyn rexec::script::console::Progress> {
        assert_eq!(total, Some(1 << 40));
        self.0.cancel();
        Box::new(rexec::script::console::NoProgress)
    }
}

#[test]
fn a_dry_run_reads_and_changes_nothing() {
    let folder = Folder::with(&[("a.txt", "alpha")]);
    fs::set_permissions(folder.path().join("a.txt"), fs::Permissions::from_mode(0o644)).unwrap();
    let console = TestConsole::default();
    let host = ScriptHost::builder().dry_run(true).console(Arc::new(console.clone())).build();
    let script = r#"
        here.write("a.txt", "new");
        here.append("a.txt", "more");
        here.mkdir("d");
        here.chmod("a.txt", 0o600);
        here.rename("a.txt", "b");
        here.remove("a.txt");
        here.symlink("a.txt", "l");
        let t = here.temp_dir();
        here.copy("a.txt", "c");
        let report = here.upload(dir, "copy");
        here.download("a.txt", dir + "/e");
        [here.read("a.txt"), here.list("."), here.stat("a.txt").mode, report.dry, t]
    "#;
    let end = folder.run_with(&host, &beside(&folder, script)).unwrap();
    assert_eq!(format!("{:?}", end.value), r#"["alpha", ["a.txt"], "0644", true, "/tmp/rexec-dry-run"]"#);
    let told = console.stderr();
    for what in [
        "would write 3 bytes to a.txt on local",
        "would append 4 bytes to a.txt on local",
        "would make the directory d on local",
        "would set mode 0600 of a.txt on local",
        "would rename a.txt to b on local",
        "would remove a.txt on local",
        "would make the link l to a.txt on local",
        "would copy a.txt to c on local",
    ] {
        assert!(told.contains(what), "{what}\n{told}");
    }
    assert_eq!(told.matches("would ").count(), 11, "{told}");
}

/// Runs a script that may read and write only below the folder's `mine`; gives what it gave.
fn eval_guarded(folder: &Folder, script: &str) -> String {
    let mine = folder.path().join("mine");
    let allowed = ["read", "write"].map(|kind| format!("{kind}:{}", mine.display()).parse().unwrap());
    let policy = allowed.into_iter().fold(Policy::new(), Policy::allow);
    let host = ScriptHost::builder().policy(policy).build();
    let end = folder.run_with(&host, &beside(folder, script));
    format!("{:?}", end.unwrap_or_else(|error| panic!("{error}\n{script}")).value)
}

fn guarded_folder() -> Folder {
    let folder =
        Folder::with(&[("mine/a", "alpha"), ("mine/d/b", "beta"), ("secret", "s3cret"), ("theirs/b", "old")]);
    std::os::unix::fs::symlink("../secret", folder.path().join("mine/link")).unwrap();
    std::os::unix::fs::symlink("../theirs", folder.path().join("mine/theirs")).unwrap();
    std::os::unix::fs::symlink("../new", folder.path().join("mine/dangling")).unwrap();
    folder
}

#[test]
fn a_policy_allows_what_is_below_its_paths() {
    for (call, value) in [
        (r#"here.read("mine/a")"#, r#""alpha""#),
        (r#"here.write("mine/x", "y"); here.read("mine/x")"#, r#""y""#),
        (r#"here.in_dir("mine").list(".")"#, r#"["a", "d", "dangling", "link", "theirs"]"#),
        (r#"here.glob("mine/**/b")"#, r#"["mine/d/b"]"#),
        (r#"here.copy("mine/d", "mine/e").files"#, "1"),
        (r#"here.upload(dir + "/mine/d", "mine/f").files"#, "1"),
        (r#"here.download("mine/d", dir + "/mine/g").files"#, "1"),
        (r#"here.rename("mine/a", "mine/z"); here.exists("mine/z")"#, "true"),
        // The link itself, and not what it points to.
        (r#"here.remove("mine/link"); here.read_link("mine/theirs")"#, r#""../theirs""#),
    ] {
        assert_eq!(eval_guarded(&guarded_folder(), call), value, "{call}");
    }
}

#[test]
fn a_policy_denies_everything_else_and_nothing_leads_around_it() {
    for call in [
        r#"here.read("secret")"#,
        r#"here.read("mine/../secret")"#,
        r#"here.read("mine/link")"#,
        r#"here.read_bytes("mine/link")"#,
        r#"here.checksum("mine/link")"#,
        r#"here.stat("mine/link")"#,
        r#"here.exists("secret")"#,
        r#"here.list("mine/theirs")"#,
        r#"here.list(".")"#,
        r#"here.glob("*")"#,
        r#"here.glob("mine/t*/b")"#,
        r#"here.write("secret", "x")"#,
        r#"here.write("mine/theirs/b", "x")"#,
        r#"here.write("mine/dangling", "x")"#,
        r#"here.append("mine/link", "x")"#,
        r#"here.mkdir("mine/theirs/new")"#,
        r#"here.remove("mine/theirs/b")"#,
        r#"here.remove("theirs", #{ recursive: true })"#,
        r#"here.rename("mine/a", "mine/theirs/a")"#,
        r#"here.rename("theirs/b", "mine/b")"#,
        r#"here.chmod("mine/link", 0o777)"#,
        r#"here.chown("secret", "root")"#,
        r#"here.symlink("x", "theirs/l")"#,
        r#"here.copy("secret", "mine/s")"#,
        r#"here.copy("mine/a", "theirs/b")"#,
        r#"here.upload(dir + "/secret", "mine/s")"#,
        r#"here.upload(dir + "/mine/a", "theirs/b")"#,
        r#"here.download("secret", dir + "/mine/s")"#,
        r#"here.download("mine/a", dir + "/theirs/b")"#,
        r#"here.temp_dir()"#,
    ] {
        let folder = guarded_folder();
        let kind = eval_guarded(&folder, &format!("attempt(|| {call}).error.kind"));
        assert_eq!(kind, r#""denied""#, "{call}");
        assert_eq!(fs::read_to_string(folder.path().join("secret")).unwrap(), "s3cret");
        assert_eq!(fs::read_to_string(folder.path().join("theirs/b")).unwrap(), "old");
        assert!(!folder.path().join("new").exists(), "{call}");
    }
    // What would be written through a link within a folder.
    let folder = guarded_folder();
    fs::create_dir_all(folder.path().join("mine/from/theirs")).unwrap();
    fs::write(folder.path().join("mine/from/theirs/b"), "new").unwrap();
    let error = eval_guarded(&folder, r#"attempt(|| here.upload(dir + "/mine/from", "mine")).error.message"#);
    assert!(error.contains("it is a link"), "{error}");
    assert_eq!(fs::read_to_string(folder.path().join("theirs/b")).unwrap(), "old");
}
