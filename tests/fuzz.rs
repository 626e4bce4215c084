//! What fuzzing begins with and what it once found (`fuzz/seeds`, `fuzz/regressions`), each run through the same checks as in `make fuzz`.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

#[path = "../fuzz/checks.rs"]
mod checks;

use std::fs;
use std::path::Path;

fn replay(target: &str, check: fn(&[u8])) {
    let mut count = 0;
    for kind in ["seeds", "regressions"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fuzz")
            .join(kind)
            .join(target);
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            eprintln!("{}", path.display());
            check(&fs::read(path).unwrap());
            count += 1;
        }
    }
    assert!(count > 0, "there are seeds");
}

#[test]
fn configs_are_read_to_their_end() {
    replay("config", checks::config);
}

#[test]
fn plans_run_or_are_refused() {
    replay("plan", checks::plan);
}

#[test]
fn what_is_stored_is_read_as_far_as_it_is_sound() {
    replay("snapshot", checks::snapshot);
}

#[test]
fn journeys_end_where_they_go_on() {
    replay("journeys", checks::journeys);
}

/// Writes the seeds anew: `cargo test --test fuzz -- --ignored`.
#[test]
#[ignore = "it writes files"]
fn seeds() {
    use maitre::host::Native;
    use maitre::plan::Plan;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let write = |target: &str, name: &str, bytes: &[u8]| {
        fs::create_dir_all(folder.join(target)).unwrap();
        fs::write(folder.join(target).join(name), bytes).unwrap();
    };
    let (config, _) = maitre::config::read(checks::ALL, &Native);
    write("config", "all", checks::ALL.as_bytes());
    write(
        "plan",
        "all",
        checks::records_of(&Plan::compile(&config, false, &Native).encode()),
    );
    // The README's configs, and the slips that the tests know.
    let readme = include_str!("../README.md");
    for (index, block) in readme.split("```json\n").skip(1).enumerate() {
        write(
            "config",
            &format!("readme-{index}"),
            block.split("```").next().unwrap().as_bytes(),
        );
    }
    for (index, table) in [
        include_str!("config/kinds.txt"),
        include_str!("config/moment.txt"),
        include_str!("config/misspelt.txt"),
    ]
    .iter()
    .enumerate()
    {
        let slips = table
            .lines()
            .filter_map(|line| line.split('|').nth(1))
            .filter(|slip| slip.contains('¤'));
        let slips: Vec<String> = slips.map(|slip| slip.replace('¤', "").trim().to_owned()).collect();
        for (part, slips) in slips.chunks(30).enumerate() {
            let offer = format!(
                r#"{{ "id": "a", "placement": "hero", {}, "content": {{ "template": "text", "text": "x" }} }}"#,
                slips.join(", ")
            );
            write(
                "config",
                &format!("slips-{index}-{part}"),
                format!(r#"{{ "placements": {{ "hero": {{}} }}, "offers": [ {offer} ] }}"#).as_bytes(),
            );
        }
    }
    let mut state = 7_u64;
    let mut chance = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    for index in 0..4 {
        let bytes: Vec<u8> = (0..200)
            .map(|place| if place == 0 { index } else { chance() })
            .collect();
        write("journeys", &format!("walk-{index}"), &bytes);
        for (which, text) in checks::stored(&bytes).iter().enumerate() {
            let sealed = [&[index % 2, 0], checks::records_in(text).as_slice()].concat();
            write("snapshot", &format!("sealed-{index}-{which}"), &sealed);
            write(
                "snapshot",
                &format!("text-{index}-{which}"),
                &[&[index % 2, 1], text.as_bytes()].concat(),
            );
        }
    }
}
