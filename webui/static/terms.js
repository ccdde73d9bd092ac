// Terms of a question in one line, as the server reads them too: `great service*0.5`, `key:r-12`.
const WEIGHT = /^(.*)\*(\d*\.?\d+(?:e[+-]?\d+)?)$/s;

export function parseTerm(spelled) {
  const [, content, weight] = WEIGHT.exec(spelled) ?? [spelled, spelled, "1"];
  if (content.startsWith("key:")) return { key: content.slice(4), weight: Number(weight) };
  return { text: content.replace(/^text:/, ""), weight: Number(weight) };
}

export function spellTerm({ key, text, weight = 1 }) {
  const content = key != null ? `key:${key}` : /^(key|text):/.test(text) ? `text:${text}` : text;
  return weight === 1 && !WEIGHT.test(content) ? content : `${content}*${weight}`;
}

const number = (written) => (written == null ? null : Number(written));

// What an address asks for, as the server takes it; null while nothing is asked. An item that is
// searched by is a term like any other, so that it can be refined.
export function questionOf(params) {
  const like = params.like ? [{ key: params.like }] : [];
  const plus = [...like, ...(params.plus ?? []).map(parseTerm)];
  const minus = (params.minus ?? []).map(parseTerm);
  if (!params.q && !plus.length && !minus.length && params.order !== "unusual") return null;
  const asked = {
    text: params.q, plus, minus, where: params.where, mode: params.mode, weight: number(params.weight),
    fusion: params.fusion, diversity: number(params.diversity), collapse: number(params.collapse), order: params.order,
    min_score: params.min_score === "auto" ? "auto" : number(params.min_score),
  };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value != null && value !== ""));
}

const BESIDE_LIKE = ["q", "plus", "minus", "mode", "min_score", "diversity", "collapse", "order", "weight", "fusion"];

// The address after a change: `like` stands alone there, with more beside it becomes a term.
export function refined(params, changed) {
  const next = { ...params, ...changed };
  if (next.like && BESIDE_LIKE.some((name) => next[name]?.length)) {
    next.plus = [spellTerm({ key: next.like }), ...(next.plus ?? [])];
    next.like = null;
  }
  return next;
}
