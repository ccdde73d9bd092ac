// Which words two texts share. The moment a hit shares none is the moment search by meaning shows.
const FUNCTION_WORDS = new Set(
  (
    "a about after all also am an and any are as at be because been before being but by can could " +
    "did do does doing don down for from get got had has have having he her here him his how i if " +
    "in into is isn it its just ll me more most my no nor not of off on once one only or other our " +
    "out over own re s same she should so some such t than that the their them then there these " +
    "they this those through to too up us ve very was wasn we were what when where which while who " +
    "why will with would you your"
  ).split(" "),
);

const segmenter = Intl.Segmenter ? new Intl.Segmenter(undefined, { granularity: "word" }) : null;

// A text as pieces in order; `word` is empty for what stands between words.
export function pieces(text) {
  if (!segmenter) return text.split(/([\p{L}\p{N}]+)/u).map((t, i) => ({ text: t, word: i % 2 ? stem(t) : "" }));
  return [...segmenter.segment(text)].map(({ segment, isWordLike }) => ({
    text: segment,
    word: isWordLike ? stem(segment) : "",
  }));
}

// Enough of a stem to let "meals" meet "meal" and "served" meet "serve"; empty for function words.
function stem(segment) {
  const word = segment.toLocaleLowerCase().normalize("NFKD").replace(/\p{M}|['’].*/gu, "");
  if (FUNCTION_WORDS.has(word)) return "";
  if (!/^[a-z]{4,}$/.test(word)) return word;
  const root = word.replace(/(ings?|edly|ies|ed|es|s|ly|y|e)$/, "");
  return root.length >= 3 ? root : word;
}

export const contentWords = (text) => new Set(pieces(text).map((p) => p.word).filter(Boolean));

const WINDOW = 320; // characters

// Where in a long text the most different words of a query stand together, as characters start to
// stop; null where none does. Words are found by their letters alone, which is quick.
export function densest(text, asked) {
  const found = [...text.matchAll(/[\p{L}\p{N}]+/gu)].map((match) => ({ word: stem(match[0]), start: match.index, stop: match.index + match[0].length }))
    .filter(({ word }) => asked.has(word));
  let best = null;
  for (let last = 0, first = 0; last < found.length; last += 1) {
    while (first < last && found[last].stop - found[first].start > WINDOW) first += 1;
    const inside = found.slice(first, last + 1);
    const n = new Set(inside.map(({ word }) => word)).size * 1000 + inside.length;
    if (!best || n > best.n) best = { n, start: found[first].start, stop: found[last].stop };
  }
  return best && { start: best.start, stop: best.stop };
}
