// The form of examples: a name, and for each class its label and examples, one a line.
import { html, useEffect, useState } from "./vendor/preact.js";
import { api, useAnswer } from "./api.js";
import { Icon, Thumbnail, plural } from "./parts.js";

const blank = () => ({ name: "", classes: [{ label: "", lines: "" }, { label: "", lines: "" }] });
const SENTIMENT = {
  name: "sentiment",
  classes: [
    {
      label: "positive",
      lines: [
        "I love it, it works perfectly",
        "Delicious food and a friendly waiter",
        "One of the best films I have seen",
        "Great value, highly recommended",
        "Excellent sound and a comfortable fit",
        "The staff was wonderful and quick",
        "Fits well and sounds clear",
        "A moving story, beautifully played",
        "We will certainly come back",
        "Easy to use and well made",
      ].join("\n"),
    },
    {
      label: "negative",
      lines: [
        "It broke after two days",
        "The food was cold and tasteless",
        "A boring film with terrible acting",
        "A waste of money, do not buy it",
        "Rude service and a long wait",
        "The battery does not hold a charge",
        "Poor sound and a loose fit",
        "The plot makes no sense at all",
        "We will never come back",
        "Cheaply made and hard to use",
      ].join("\n"),
    },
  ],
};

// What was typed outlives a reload, for as long as the tab is open.
export function useDraft(info) {
  const place = `semsearch-examples-${info.name}`;
  const [draft, setDraft] = useState(() => {
    try {
      return JSON.parse(sessionStorage.getItem(place)) ?? blank();
    } catch {
      return blank();
    }
  });
  useEffect(() => {
    try {
      sessionStorage.setItem(place, JSON.stringify(draft));
    } catch {
      // Without storage a reload begins anew.
    }
  }, [draft]);
  return [draft, setDraft];
}

const linesOf = (text) => [...new Set(text.split("\n").map((line) => line.trim()).filter(Boolean))];

function ClassBox({ info, number, each, onChange, onRemove, active, onActive }) {
  const pictures = info.modality === "image";
  const keys = linesOf(each.lines);
  const drop = (key) => onChange({ ...each, lines: keys.filter((k) => k !== key).join("\n") });
  return html`
    <fieldset class=${`class ${pictures && active ? "active" : ""}`} onfocusin=${onActive}>
      <legend class="visually-hidden">Class ${number}</legend>
      <div class="field">
        <input class="label" value=${each.label} aria-label=${`Label of class ${number}`} placeholder=${`label ${number}`}
          maxlength="64" onInput=${(e) => onChange({ ...each, label: e.target.value })} />
        ${onRemove && html`<button type="button" class="quiet" aria-label=${`Remove class ${number}`} onClick=${onRemove}><${Icon} name="close" /></button>`}
      </div>
      <textarea rows=${pictures ? 3 : 7} aria-label=${`Examples of class ${number}, one a line`} value=${each.lines}
        placeholder=${pictures ? "keys, one a line, or click pictures below" : "examples, one a line"}
        onInput=${(e) => onChange({ ...each, lines: e.target.value })}></textarea>
      ${pictures && keys.length > 0 && html`<div class="strip">${keys.slice(0, 40).map((key) => html`
        <button type="button" key=${key} title=${`Take ${key} out`} onClick=${() => drop(key)}>
          <${Thumbnail} collection=${info.name} item=${{ key }} size=${64} /></button>`)}</div>`}
      <p class="hint">${plural(keys.length, "example")}</p>
    </fieldset>`;
}

// A sheet of pictures to click into the class that is being filled.
function Sheet({ info, into, onAdd }) {
  const { data } = useAnswer((signal) => api.sample(info.name, 100, signal), [info.name]);
  if (!data) return null;
  return html`
    <section class="choose">
      <h2>Click pictures into ${into || "the chosen class"}</h2>
      <div class="sheet wide">${data.hits.map((item) => html`
        <button type="button" key=${item.key} title=${item.text || item.key} onClick=${() => onAdd(item.key)}>
          <${Thumbnail} collection=${info.name} item=${item} size=${96} /></button>`)}</div>
    </section>`;
}

function missing({ name, classes }) {
  const labels = classes.map((each) => each.label.trim());
  if (!name.trim()) return "Give it a name.";
  if (labels.some((label) => !label)) return "Give every class a label.";
  if (new Set(labels).size < labels.length) return "Two classes have the same label.";
  if (classes.some((each) => linesOf(each.lines).length < 2)) return "Give at least two examples of each class.";
  return "";
}

export function Examples({ info, draft, setDraft, busy, onTrain }) {
  const [active, setActive] = useState(0);
  const pictures = info.modality === "image";
  const change = (index, each) =>
    setDraft({ ...draft, classes: draft.classes.map((old, i) => (i === index ? each : old)) });
  const remove = (index) => setDraft({ ...draft, classes: draft.classes.filter((_, i) => i !== index) });
  const add = (key) => {
    const each = draft.classes[active] ?? draft.classes[0];
    change(draft.classes.indexOf(each), { ...each, lines: [...linesOf(each.lines), key].join("\n") });
  };
  const lacking = missing(draft);
  const submit = (event) => {
    event.preventDefault();
    const examples = Object.fromEntries(draft.classes.map((each) => [each.label.trim(), linesOf(each.lines)]));
    onTrain({ name: draft.name.trim(), examples, keys: pictures });
  };
  return html`
    <form class="examples" onSubmit=${submit}>
      <div class="field name"><label>Name
        <input value=${draft.name} maxlength="64" placeholder=${pictures ? "such as: kind" : "such as: sentiment"}
          onInput=${(e) => setDraft({ ...draft, name: e.target.value })} /></label>
        ${!pictures && !draft.name && html`<button type="button" class="quiet text" onClick=${() => setDraft(SENTIMENT)}>Fill in an example</button>`}
      </div>
      <div class="classes">
        ${draft.classes.map((each, index) => html`<${ClassBox} key=${index} ...${{ info, each }} number=${index + 1}
          active=${active === index} onActive=${() => setActive(index)} onChange=${(now) => change(index, now)}
          onRemove=${draft.classes.length > 2 ? () => remove(index) : null} />`)}
        <button type="button" class="quiet add" onClick=${() => setDraft({ ...draft, classes: [...draft.classes, { label: "", lines: "" }] })}>
          <${Icon} name="plus" /> another class</button>
      </div>
      <div class="field go">
        <button type="submit" class="button primary" disabled=${busy || Boolean(lacking)}>${busy ? "Training" : "Train"}</button>
        <p class="hint" role="status">${lacking}</p>
      </div>
      ${pictures && html`<${Sheet} info=${info} into=${draft.classes[active]?.label} onAdd=${add} />`}
    </form>`;
}
