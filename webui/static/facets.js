// How often each value of a field stands among what passes the filter; a press narrows or widens it.
import { html, useState } from "./vendor/preact.js";
import { api, useAnswer } from "./api.js";
import { count } from "./parts.js";
import { conditionsOfFacet, fieldOf, holds, narrowed, ownTerms, without } from "./where.js";

const FEW = 7;
const MOST_FIELDS = 8;

const asked = (where, field) => ({ ...(where ? { where } : {}), ...(field ? { fields: field } : {}) });

// A field that is filtered by shows its other values too, so that another one can be taken instead.
async function load(info, where, signal) {
  const { facets } = await api.facets(info.name, asked(where), signal);
  const pressed = Object.keys(info.fields).filter((name) => info.fields[name] !== "list" && ownTerms(where, name).length);
  const others = await Promise.all(pressed.map((name) =>
    api.facets(info.name, asked(without(where, ownTerms(where, name)), name), signal)));
  return Object.assign(facets, ...others.map((other) => other.facets));
}

const short = (n) => (Math.abs(n) >= 10_000 ? Number(n).toLocaleString("en", { notation: "compact", maximumFractionDigits: 1 }) : count(n));
const told = ({ value, low, high }) => (low !== undefined ? `${short(low)} to ${short(high)}` : String(value));

function Lines({ name, kind, facet, where, onWhere }) {
  const [open, setOpen] = useState(false);
  const lines = [...facet.values, ...(facet.missing ? [{ missing: true, count: facet.missing }] : [])]
    .map((line) => ({ ...line, conditions: line.missing ? [`${fieldOf(name)} is null`] : conditionsOfFacet(name, kind, line) }))
    .map((line) => ({ ...line, isOn: holds(where, line.conditions) }));
  const most = Math.max(1, ...lines.map((line) => line.count));
  const shown = lines.filter((line, index) => open || index < FEW || line.isOn);
  const press = ({ conditions, isOn }) => {
    if (isOn) return onWhere(without(where, conditions));
    return onWhere(narrowed(kind === "list" ? where : without(where, ownTerms(where, name)), conditions));
  };
  return html`
    <div class="facet" role="group" aria-label=${`Narrow by ${name}`}>
      <h3>${name}</h3>
      ${shown.map((line) => html`
        <button key=${line.conditions.join()} type="button" aria-pressed=${String(line.isOn)} onClick=${() => press(line)}
          style=${{ "--share": line.count / most }}>
          <span class=${`value ${line.missing ? "missing" : ""}`}>${line.missing ? "none" : told(line)}</span>
          <span class="n">${count(line.count)}</span>
        </button>`)}
      ${lines.length > shown.length && html`<button type="button" class="more" onClick=${() => setOpen(true)}>${lines.length - shown.length} more</button>`}
      ${(open || lines.length <= FEW) && facet.more > 0 && html`<p class="hint">and ${count(facet.more)} rarer</p>`}
    </div>`;
}

const isTelling = (facet, isFiltered) => isFiltered || facet.values.length + (facet.missing > 0) > 1;

export function Facets({ info, where = "", onWhere }) {
  const [open, setOpen] = useState(() => matchMedia("(min-width: 1000px)").matches);
  const { data } = useAnswer(
    (signal) => (Object.keys(info.fields).length ? load(info, where, signal) : {}), [info, where]);
  const shown = Object.entries(data ?? {})
    .filter(([name, facet]) => isTelling(facet, ownTerms(where, name).length > 0)).slice(0, MOST_FIELDS);
  if (!shown.length) return null;
  return html`
    <aside class="facets" aria-label="Narrow">
      <button type="button" class="narrow" aria-expanded=${String(open)} onClick=${() => setOpen(!open)}>Narrow by ${shown.map(([name]) => name).slice(0, 4).join(", ")}</button>
      ${open && html`<div class="fields">${shown.map(([name, facet]) => html`
        <${Lines} key=${name} ...${{ name, facet, where, onWhere }} kind=${info.fields[name]} />`)}</div>`}
    </aside>`;
}
