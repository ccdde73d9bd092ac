// How a question is asked: by meaning or words, which hits are left out, the filter, the order.
import { html, useState } from "./vendor/preact.js";
import { Icon, sentence } from "./parts.js";
import { exampleOf } from "./where.js";

const MODES = [
  [null, "Meaning", "Finds what means the same, in other words too"],
  ["lexical", "Words", "Finds the words themselves, rare ones first"],
  ["hybrid", "Both", "Weighs meaning and words together"],
];
const ORDERS = { "": "best first", farthest: "farthest first", unusual: "most unusual" };
const KS = [10, 20, 50, 100, 500];

// What stands in a box: the address's value until something is typed, and again when `source` changes.
// An effect would do the same a moment after the box is shown, and wipe out what was typed by then.
export function useTyped(value, source = value) {
  const [{ typed, from }, set] = useState({ typed: value, from: source });
  if (from !== source) set({ typed: value, from: source });
  return [from === source ? typed : value, (next) => set({ typed: next, from: source })];
}

// The place of a mistake in the filter, in its surroundings.
function Mistake({ where, error }) {
  const characters = Array.from(where);
  const at = Math.min(error.position, characters.length);
  const rest = characters.slice(at).join("");
  const wrong = /^[\p{L}\p{N}_]+|^./su.exec(rest)?.[0] ?? "";
  const before = characters.slice(Math.max(0, at - 40), at).join("");
  return html`
    <div class="mistake" role="alert">
      <code>${at > 40 ? "…" : ""}${before}<mark>${wrong || " "}</mark>${rest.slice(wrong.length, wrong.length + 40)}</code>
      <p>${sentence(error.message)} ${error.remedy && sentence(error.remedy)}</p>
    </div>`;
}

const Toggle = ({ on, title, set, children }) => html`
  <button type="button" class="toggle" aria-pressed=${String(Boolean(on))} title=${title} onClick=${() => set(!on)}>${children}</button>`;

// Why a way of comparing cannot answer what stands in the address; words know no items, and nothing to be far from.
function obstacle(mode, params) {
  const terms = [...(params.plus ?? []), ...(params.minus ?? [])];
  const hasItems = Boolean(params.like) || terms.some((term) => term.startsWith("key:"));
  const hasWords = Boolean(params.q) || (params.plus ?? []).some((term) => !term.startsWith("key:"));
  const isAsked = hasItems || hasWords || terms.length > 0;
  if (mode === "lexical" && (hasItems || params.minus?.length)) return "Words alone know no items and nothing unlike; take Both";
  return mode && isAsked && !hasWords ? "There are no words to compare" : null;
}

function Modes({ params, ask }) {
  const now = params.mode ?? null;
  return html`
    <div class="modes" role="group" aria-label="Compare">
      ${MODES.map(([mode, name, title]) => html`<button key=${name} type="button" title=${obstacle(mode, params) ?? title}
        disabled=${Boolean(obstacle(mode, params)) && now !== mode}
        aria-pressed=${String(now === mode || (now === "semantic" && !mode))} onClick=${() => ask({ mode, order: null, k: null })}>${name}</button>`)}
    </div>`;
}

// An order of its own takes no words, and the most unusual items no question at all.
const inOrder = (order) => ({
  order, k: null, mode: null,
  ...(order === "unusual" ? { q: null, like: null, plus: null, minus: null, min_score: null } : {}),
});

// Which hits are left out or come earlier; whether a hit is sure is known of meanings of texts.
function Toggles({ info, params, ask }) {
  const canBeSure = info.modality === "text" && params.mode !== "lexical" && !params.order;
  return html`
    <div class="toggles">
      ${canBeSure && html`<${Toggle} on=${params.min_score} title="Nothing, rather than what a query about something else would find too"
        set=${(on) => ask({ min_score: on ? "auto" : null, k: null })}>only sure hits<//>`}
      <${Toggle} on=${params.collapse} title="Show what is nearly the same once"
        set=${(on) => ask({ collapse: on ? 0.95 : null, k: null })}>fold repeats<//>
      <${Toggle} on=${params.diversity} title="Hits unlike each other"
        set=${(on) => ask({ diversity: on ? 0.4 : null, k: null })}>varied<//>
    </div>`;
}

export function Options({ info, params, ask, error, isAsked, children }) {
  const [where, setWhere] = useTyped(params.where ?? "");
  const hasFields = Object.keys(info.fields).length > 0;
  const hasMistake = error?.position !== undefined;
  const k = Number(params.k) || 10;
  const submit = (event) => {
    event.preventDefault();
    ask({ where: where.trim(), k: null });
  };
  const byMeaning = !params.mode || params.mode === "semantic";
  return html`
    <div class="options">
      ${info.modality === "text" && html`<${Modes} ...${{ params, ask }} />`}
      ${isAsked ? html`<${Toggles} ...${{ info, params, ask }} />` : html`<span class="toggles"></span>`}
      ${byMeaning && html`<label class="k"><span class="visually-hidden">Order</span>
        <select value=${params.order ?? ""} onChange=${(e) => ask(inOrder(e.target.value || null))}>
          ${Object.entries(ORDERS).map(([order, told]) => html`<option key=${order} value=${order}>${told}</option>`)}
        </select>
      </label>`}
      <label class="k">nearest
        <select value=${String(k)} onChange=${(e) => ask({ k: e.target.value })}>
          ${[...new Set([...KS, k])].sort((a, b) => a - b).map((each) => html`<option key=${each} value=${String(each)}>${each}</option>`)}
        </select>
      </label>
      <form class="filtering" onSubmit=${submit}>
        <label class="filter"><${Icon} name="filter" /><span class="visually-hidden">Filter</span>
          <input value=${where} spellcheck="false" autocapitalize="off" autocomplete="off" aria-invalid=${String(hasMistake)}
            placeholder=${hasFields ? `filter, such as ${exampleOf(info.fields)}` : "no fields to filter by"}
            disabled=${!hasFields} onInput=${(e) => setWhere(e.target.value)} />
          ${params.where && html`<button type="button" class="quiet" aria-label="Remove the filter"
            onClick=${() => ask({ where: null, k: null })}><${Icon} name="close" /></button>`}
        </label>
        ${children}
      </form>
      ${hasMistake && html`<${Mistake} where=${params.where ?? ""} error=${error} />`}
    </div>`;
}
