"""Small tokenizers of the families of text-image models, saved as the Hugging Face hub has them.

Each knows the words of a few sentences; of other words it knows the letters or bytes.

Not handled here: the models (`tests/text_models.py`).
"""

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import transformers
from tokenizers import pre_tokenizers, processors

CONTEXT = 40  # tokens, with those at the start and the end

SENTENCES = (
    "a photo of a dog that jumps into the water",
    "a photo of a cat, not a dog",
    "two men play table tennis in a hall",
    'the word "goal" on a red screen',
    "someone kicks a ball over the blue line: a goal!",
    "a red circle, a blue square, a green triangle",
    "a yellow star, a white cross and a purple ring",
    "people run, jump and swim; a crowd cheers?",
    "video of a car with 10 lights at night, 25% faster",
)
WORDS = sorted({word.strip(',"!?:;') for sentence in SENTENCES for word in sentence.split()})
CHARACTERS = [chr(code) for code in range(33, 127)]


def clip_tokenizer(folder: Path, processor_class: str) -> int:
    """Byte-level BPE: any text has tokens. The end of a text has the highest number, as the models
    expect."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = merges_of(WORDS, end="</w>")
    pieces = [*alphabet, *(f"{letter}</w>" for letter in alphabet), *map("".join, merges)]
    vocabulary = numbered([*pieces, "<|startoftext|>", "<|endoftext|>"])
    made = transformers.CLIPTokenizer(
        vocab=vocabulary, merges=merges, model_max_length=CONTEXT, processor_class=processor_class
    )
    made.save_pretrained(folder)
    write(folder / "vocab.json", vocabulary)
    lines = "".join(f"{left} {right}\n" for left, right in merges)
    (folder / "merges.txt").write_text(f"#version: 0.2\n{lines}", encoding="utf-8")
    return len(vocabulary)


def siglip_tokenizer(folder: Path) -> int:
    """A SentencePiece model with the special tokens of SigLIP: 0 is unused, 1 ends and pads."""
    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES),
        model_writer=model,
        vocab_size=120,
        hard_vocab_limit=False,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        num_threads=1,
        minloglevel=2,
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "spiece.model").write_bytes(model.getvalue())
    made = transformers.SiglipTokenizer(
        vocab_file=str(folder / "spiece.model"),
        model_max_length=CONTEXT,
        model_input_names=["input_ids"],  # The models were trained without attention masks.
        processor_class="SiglipProcessor",
    )
    made.save_pretrained(folder)
    return len(made)


def gemma_tokenizer(folder: Path, processor_class: str) -> int:
    """BPE that falls back to bytes: any text has tokens. A text ends with <eos>. The tokenizer
    knows no longest text: that is the model's number of positions."""
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    merges = merges_of([f"▁{word}" for word in WORDS])
    pieces = [*CHARACTERS, "▁", *map("".join, merges)]
    vocabulary = numbered([*special, *(f"<0x{byte:02X}>" for byte in range(256)), *pieces])
    made = transformers.GemmaTokenizer(
        vocab=vocabulary,
        merges=merges,
        padding_side="right",
        model_input_names=["input_ids"],  # The models were trained without attention masks.
        do_lower_case=True,
        processor_class=processor_class,
    )
    made.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="$A <eos>", special_tokens=[("<eos>", 1)]
    )
    made.save_pretrained(folder)
    known = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
    write(
        folder / "tokenizer_config.json", {"add_bos_token": False, "add_eos_token": True, **known}
    )
    return len(made)


def roberta_tokenizer(folder: Path, processor_class: str) -> int:
    """XLM-RoBERTa's: what is not among the pieces is <unk>."""
    pieces = [*CHARACTERS, "▁", *(f"▁{word}" for word in WORDS if len(word) > 1)]
    scored = [(piece, -float(number) / 10 - 1) for number, piece in enumerate(reversed(pieces))]
    special = [(piece, 0.0) for piece in ("<s>", "<pad>", "</s>", "<unk>")]
    made = transformers.XLMRobertaTokenizer(
        vocab=[*special, *scored, ("<mask>", 0.0)],
        model_max_length=CONTEXT,
        processor_class=processor_class,
    )
    made.save_pretrained(folder)
    return len(made)


def bert_tokenizer(folder: Path) -> int:
    """BERT's, from `vocab.txt` alone: every Chinese character is a token, or [UNK]."""
    letters = [letter for letter in CHARACTERS if letter == letter.lower()]
    pieces = [*letters, *(f"##{letter}" for letter in letters), *"一只猫狗的照片在水里跳红色圆形"]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = numbered([*special, *pieces, *WORDS])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("".join(f"{piece}\n" for piece in vocabulary), "utf-8")
    values = {"tokenizer_class": "BertTokenizer", "model_max_length": CONTEXT}
    write(folder / "tokenizer_config.json", {**values, "do_lower_case": True})
    return len(vocabulary)


def merges_of(words: Iterable[str], *, end: str = "") -> list[tuple[str, str]]:
    """Pairs that join a word letter after letter; `end` is part of its last one."""
    merges: dict[tuple[str, str], None] = {}
    for word in words:
        letters = [*word[:-1], word[-1] + end]
        for number in range(1, len(letters)):
            merges["".join(letters[:number]), letters[number]] = None
    return list(merges)


def numbered(pieces: Iterable[str]) -> dict[str, int]:
    return {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}


def write(path: Path, values: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values, indent=2, ensure_ascii=False), encoding="utf-8")
