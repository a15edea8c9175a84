"""Texts as numbers of words."""

from __future__ import annotations

from rkeras.preprocessing.tokenizer import Tokenizer, tokenizer_from_json
from rkeras.preprocessing.words import hashing_trick, one_hot, text_to_word_sequence

__all__ = ["Tokenizer", "hashing_trick", "one_hot", "text_to_word_sequence", "tokenizer_from_json"]
