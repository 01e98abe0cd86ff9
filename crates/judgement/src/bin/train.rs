//! Trains the model on the corpus and writes its weights: `cargo run --release --bin train`.

use std::io;
use std::path::Path;

use handoff_judgement::corpus::read;

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = folder.join("corpus");
    let mut lines = read(&corpus, "natural-dev.jsonl")?;
    lines.extend(read(&corpus, "hard-dev.jsonl")?);
    let model = handoff_judgement::trained(&lines, &read(&corpus, "written.jsonl")?);
    std::fs::write(folder.join("src/model.bin"), model)
}
