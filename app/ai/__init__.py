"""Models and language: embeddings, language tags, sentences, and answers composed without a language model."""
