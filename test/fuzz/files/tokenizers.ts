/** Small tokenizers of the common kinds, each with what stands around a vocabulary. */

const flags = { single_word: false, lstrip: false, rstrip: false };
const added = ['<s>', '</s>', '<unk>'].map((content, id) => ({
  ...{ id, content, special: true, normalized: false },
  ...flags,
}));
const common = { version: '1.0', truncation: null, padding: null, added_tokens: added };
const letters = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+=?.,!'-"];

const vocabOf = (tokens: readonly string[]): Record<string, number> =>
  Object.fromEntries(['<s>', '</s>', '<unk>', ...tokens].map((token, id) => [token, id]));

const byteLevel = {
  type: 'ByteLevel',
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: true,
};
const template = {
  type: 'TemplateProcessing',
  single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
  pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
  special_tokens: { '<s>': { id: '<s>', ids: [0], tokens: ['<s>'] } },
};

/** As Llama 3 and Qwen: a regular expression cuts, bytes are merged. */
const bpe = {
  ...common,
  normalizer: { type: 'NFC' },
  pre_tokenizer: {
    type: 'Sequence',
    pretokenizers: [
      {
        type: 'Split',
        pattern: { Regex: "(?i:'s|'t)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|\\s+" },
        behavior: 'Isolated',
        invert: false,
      },
      { ...byteLevel, use_regex: false },
    ],
  },
  post_processor: template,
  decoder: byteLevel,
  model: {
    type: 'BPE',
    ...{ dropout: null, unk_token: null, continuing_subword_prefix: null, fuse_unk: false },
    vocab: vocabOf([...letters, 'Ġ', 'Ċ', 'ag', 'Ġh', 'as']),
    merges: ['a g', 'Ġ h', 'a s'],
  },
};

/** As T5: pieces with their scores. */
const unigram = {
  ...common,
  normalizer: {
    type: 'Sequence',
    normalizers: [
      { type: 'Strip', strip_left: true, strip_right: false },
      { type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' },
      { type: 'Prepend', prepend: '▁' },
    ],
  },
  pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
  post_processor: template,
  decoder: {
    type: 'Sequence',
    decoders: [
      { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
      { type: 'ByteFallback' },
      { type: 'Fuse' },
      { type: 'Strip', content: ' ', start: 1, stop: 0 },
    ],
  },
  model: {
    type: 'Unigram',
    unk_id: 2,
    vocab: ['<s>', '</s>', '<unk>', ...letters, '▁', '▁has', 'bag'].map((piece, i) => [piece, -i]),
  },
};

/** As BERT: the longest pieces of words. */
const wordPiece = {
  ...common,
  normalizer: {
    type: 'BertNormalizer',
    ...{ clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: template,
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    ...{ unk_token: '<unk>', continuing_subword_prefix: '##', max_input_chars_per_word: 100 },
    vocab: vocabOf([...letters, ...letters.map((letter) => `##${letter}`), 'has']),
  },
};

export const tokenizerFiles = { bpe, unigram, wordPiece };

export const chatTemplate =
  "{% for m in messages %}{{ bos_token + m['role'] + '\\n' + m['content'] | trim }}{% if loop.last and add_generation_prompt %}{{ 'assistant' }}{% endif %}{% endfor %}";

export const tokenizerConfig = {
  tokenizer_class: 'PreTrainedTokenizerFast',
  model_max_length: 2048,
  clean_up_tokenization_spaces: false,
  ...{ bos_token: '<s>', eos_token: { __type: 'AddedToken', content: '</s>' }, unk_token: '<unk>' },
  added_tokens_decoder: { '0': { content: '<s>', special: true, ...flags } },
  chat_template: chatTemplate,
};

export const modelConfig = {
  ...{ model_type: 'llama', eos_token_id: [1], bos_token_id: 0, vocab_size: 100 },
  ...{ max_position_embeddings: 2048, rope_scaling: { rope_type: 'llama3', factor: 8 } },
};
