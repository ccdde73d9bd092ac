// What a hit tells beside its text: how sure it is, which words carried it, and its repeats.
import { html, useState } from "./vendor/preact.js";
import { api } from "./api.js";
import { Score, count, percent, plural } from "./parts.js";

const NAMED = 4; // words that are named as the ones that carried a match

const PARTS = { semantic: "meaning", lexical: "words" };

export function Sureness({ hit, mode, most }) {
  const { score, percentile, band } = hit;
  const share = mode === "lexical" ? score / most : score;
  const title = {
    lexical: "How well its words match (BM25); higher is better, beside other hits of this query only",
    hybrid: "Meaning and words together, 0 to 1",
  }[mode] ?? `Cosine similarity, -1 to 1${percentile == null ? "; higher is nearer" : `; nearer than ${percentile} % of random pairs here`}`;
  return html`
    <${Score} value=${score} share=${share} title=${title} digits=${mode === "lexical" ? 1 : 2} />
    ${band && html`<span class=${`band ${band}`} title=${percentile == null ? null : `Nearer than ${percentile} % of random pairs here`}>${band}</span>`}`;
}

// What a score of meaning and words together was made of.
export const Made = ({ parts }) => html`
  <p class="parts">${Object.entries(PARTS).filter(([name]) => name in parts)
    .map(([name, told]) => `${told} ${parts[name].toFixed(name === "lexical" ? 1 : 2)}`).join(" · ")}</p>`;

// The heaviest words first, each once: {word, weight, n}.
function heaviest(words) {
  const known = new Map();
  for (const { word, weight } of words) {
    const name = word.toLowerCase();
    const { weight: before, n } = known.get(name) ?? { weight: 0, n: 0 };
    known.set(name, { word, weight: before + weight, n: n + 1 });
  }
  return [...known.values()].filter(({ weight }) => weight >= 0.01).sort((a, b) => b.weight - a.weight).slice(0, NAMED);
}

// The words that carried most of the match, in one line.
export function Why({ words, percentile, mode }) {
  const carried = heaviest(words);
  const byWords = mode === "lexical";
  const share = ({ weight, n }) => (byWords ? plural(n, "time") : percent(weight));
  return html`
    <p class="why" role="note">${carried.length ? (byWords ? "Has " : "Carried by ") : "No single word carried the match."}
      ${carried.map((each, index) => html`${index > 0 && ", "}<b>${each.word}</b> ${share(each)}`)}${carried.length > 0 && "."}
      ${percentile != null && ` Nearer than ${percentile} % of random pairs here.`}</p>`;
}

// What is nearly the same as a hit and stands behind it.
export function Folded({ info, hit, onSimilar }) {
  const [items, setItems] = useState(null);
  const n = hit.folded.length;
  if (!n) return null;
  const open = async () => {
    if (items) return setItems(null);
    const found = await Promise.all(hit.folded.slice(0, 20).map((key) => api.item(info.name, key).catch(() => null)));
    return setItems(found.filter(Boolean));
  };
  return html`
    <button type="button" class="more folded" aria-expanded=${String(Boolean(items))} onClick=${open}>and ${count(n)} nearly the same</button>
    ${items && html`<div class="behind">${items.map((item) => html`
      <button key=${item.key} type="button" onClick=${() => onSimilar(item)}><code class="key">${item.key}</code> ${item.text || ""}</button>`)}</div>`}`;
}
