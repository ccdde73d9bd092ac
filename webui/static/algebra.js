// The terms beside the text: what hits shall be like as well, and what they shall not be like.
import { html, useEffect, useRef, useState } from "./vendor/preact.js";
import { api, useAnswer } from "./api.js";
import { Icon, Thumbnail } from "./parts.js";
import { parseTerm, spellTerm } from "./terms.js";

const SIDES = { plus: { sign: "+", told: "like" }, minus: { sign: "−", told: "unlike" } };
const WEIGHTS = [1, 2, 0.5];
const short = (text) => (text.length > 60 ? `${text.slice(0, 58).trimEnd()}…` : text);

function Stored({ info, itemKey }) {
  const { data } = useAnswer((signal) => api.item(info.name, itemKey, signal), [info.name, itemKey]);
  const item = data?.key === itemKey ? data : { key: itemKey, text: "" };
  if (info.modality === "image") return html`<${Thumbnail} collection=${info.name} item=${item} size=${64} /> ${item.text || item.key}`;
  return item.text ? html`“${short(item.text.trim().replace(/\s+/g, " "))}”` : itemKey;
}

function Chip({ info, side, spelled, change }) {
  const term = parseTerm(spelled);
  const at = WEIGHTS.indexOf(term.weight);
  const next = WEIGHTS[(at + 1) % WEIGHTS.length];
  return html`
    <div class=${`term ${side}`}>
      <span class="sign" title=${SIDES[side].told}>${SIDES[side].sign}<span class="visually-hidden"> ${SIDES[side].told}</span></span>
      <span class="what">${term.key != null ? html`<${Stored} info=${info} itemKey=${term.key} />` : term.text}</span>
      <button type="button" class="weight" title="How much it counts; press to change"
        aria-label=${`Weight ${term.weight}; change to ${next}`}
        onClick=${() => change(spellTerm({ ...term, weight: next }))}>×${term.weight}</button>
      <button type="button" class="remove" aria-label="Remove this term" onClick=${() => change(null)}><${Icon} name="close" /></button>
    </div>`;
}

function Adder({ side, add, close }) {
  const [text, setText] = useState("");
  const box = useRef();
  useEffect(() => box.current.focus(), []);
  const submit = (event) => {
    event.preventDefault();
    if (text.trim()) add(spellTerm({ text: text.trim() }));
    close();
  };
  return html`
    <form class=${`term adder ${side}`} onSubmit=${submit}>
      <span class="sign" aria-hidden="true">${SIDES[side].sign}</span>
      <input ref=${box} value=${text} aria-label=${side === "plus" ? "Like this as well" : "Unlike this"} autocomplete="off"
        placeholder=${side === "plus" ? "like this as well" : "unlike this"} onInput=${(e) => setText(e.target.value)}
        onBlur=${() => text.trim() || close()} onKeyDown=${(e) => e.key === "Escape" && close()} />
    </form>`;
}

// The terms as chips, and the box in which the next one is written; `adding` is its side or null.
export function Algebra({ info, params, ask, adding, setAdding }) {
  const change = (side, index) => (spelled) => {
    const terms = [...(params[side] ?? [])];
    terms.splice(index, 1, ...(spelled === null ? [] : [spelled]));
    ask({ [side]: terms, k: null });
  };
  const add = (side) => (spelled) => ask({ [side]: [...(params[side] ?? []), spelled], k: null });
  if (!adding && !params.plus?.length && !params.minus?.length) return null;
  return html`
    <div class="terms" role="group" aria-label="Terms">
      ${Object.keys(SIDES).map((side) => (params[side] ?? []).map((spelled, index) => html`
        <${Chip} key=${`${side} ${index} ${spelled}`} ...${{ info, side, spelled }} change=${change(side, index)} />`))}
      ${adding && html`<${Adder} key=${adding} side=${adding} add=${add(adding)} close=${() => setAdding(null)} />`}
    </div>`;
}

// Where a text was asked, other texts can be added to it or taken from it.
export function AddTerm({ info, params, setAdding }) {
  const isAsked = params.q || params.like || params.plus?.length || params.minus?.length;
  if (!isAsked || info.modality !== "text" || params.mode === "lexical") return null;
  return Object.entries(SIDES).map(([side, { sign, told }]) => html`
    <button key=${side} type="button" class="add-term" aria-label=${side === "plus" ? "Add what hits shall be like" : "Add what hits shall be unlike"}
      onClick=${() => setAdding(side)}>${sign} <span class="told-side">${told}</span> …</button>`);
}
