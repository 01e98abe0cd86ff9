//! Trains the model on the corpus, and on labels exported by `handoff labels` if files are given, and writes its weights:
//! `cargo run --release -p handoff-judgement --bin train [FILE.jsonl …]`.

use std::io;
use std::path::Path;

use handoff_judgement::corpus::read;

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = |name: &str| read(&folder.join("corpus").join(name));
    let mut lines = corpus("natural-dev.jsonl")?;
    lines.extend(corpus("hard-dev.jsonl")?);
    let mut beside = corpus("written.jsonl")?;
    for file in std::env::args().skip(1) {
        beside.extend(read(Path::new(&file))?);
    }
    std::fs::write(
        folder.join("../core/src/judgement/model.bin"),
        handoff_judgement::trained(&lines, &beside),
    )
}
