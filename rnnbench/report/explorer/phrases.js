/**
 * Single values in words.
 *
 * @typedef {import("./schema.js").Axis} Axis
 */

/** @type {Record<string, (word: string) => string>} */
const PHRASES = {
  hidden_size: (word) => `hidden size ${word}`,
  num_layers: (word) => `${word} layer${word === "1" ? "" : "s"}`,
  seq_len: (word) => `${word} step${word === "1" ? "" : "s"}`,
  batch_size: (word) => `batch ${word}`,
  input_size: (word) => `input size ${word}`,
  threads: (word) => `${word} thread${word === "1" ? "" : "s"}`,
};

/**
 * @param {Pick<Axis, "id" | "words">} axis
 * @param {number} value
 */
export const phraseOf = ({ id, words }, value) => {
  const phrase = Object.hasOwn(PHRASES, id) ? PHRASES[id] : null;
  return phrase ? phrase(words[value]) : words[value];
};

/** @param {string} name */
export const article = (name) =>
  /^(?:[aeioAEIO]|[FHLMNRSX](?![a-z]))/.test(name) ? "an" : "a";
