// Classes: a few examples of each turn into labels for everything, with the accuracy measured.
import { html, useState } from "./vendor/preact.js";
import { api, useAnswer } from "./api.js";
import { Cards } from "./cards.js";
import { Examples, useDraft } from "./examples.js";
import { Loading, Problem, count, noun, percent } from "./parts.js";
import { Report } from "./report.js";
import { visitSimilar } from "./router.js";

const PER_LABEL = 12;

const Sureness = ({ prediction }) => html`
  <span class=${`sureness ${prediction.label === null ? "open" : ""}`}>
    ${prediction.label ?? "not sure"} <span class="number">${percent(prediction.probability)}</span></span>`;

function Try({ info, classifier }) {
  const [text, setText] = useState("");
  const [state, setState] = useState({ predictions: [], error: null });
  const submit = async (event) => {
    event.preventDefault();
    if (!text.trim()) return;
    try {
      const { predictions } = await api.predict(info.name, classifier.name, { texts: [text.trim()] });
      setState({ predictions, error: null });
    } catch (error) {
      setState({ predictions: [], error });
    }
  };
  return html`
    <form class="try" onSubmit=${submit}>
      <label>Try a text of your own
        <span class="field"><input value=${text} onInput=${(e) => setText(e.target.value)}
          placeholder="Type a sentence" /><button class="button" type="submit">Predict</button></span></label>
      <output aria-live="polite">${state.predictions.map((each) => html`
        <${Sureness} key=${each.key} prediction=${each} />`)}</output>
      ${state.error && html`<${Problem} error=${state.error} />`}
    </form>`;
}

function Group({ info, title, total, items, open = false }) {
  const extra = (item) => html`<${Sureness} prediction=${item} />`;
  return html`
    <section class=${`predicted ${open ? "undecided" : ""}`}>
      <h3>${title} <span class="n">${count(total)}</span></h3>
      ${open && html`<p class="hint">Too close to call, so it abstains. Good examples to add.</p>`}
      <${Cards} info=${info} items=${items} extra=${extra} onSimilar=${(item) => visitSimilar(info, item)} />
    </section>`;
}

function Predictions({ info, classifier, made }) {
  const { data, error } = useAnswer(
    (signal) => api.predict(info.name, classifier.name, { k: PER_LABEL }, signal), [classifier.name, made]);
  if (error) return html`<${Problem} error=${error} />`;
  if (!data) return html`<${Loading} what="Predicting every item" />`;
  const of = (label) => data.predictions.filter((each) => each.label === label);
  return html`
    <section class="predictions">
      <h2>What it says of ${noun(info.modality, info.rows)}</h2>
      <div class="groups">
        ${classifier.labels.map((label) => html`<${Group} key=${label} info=${info} title=${label}
          total=${data.counts[label] ?? 0} items=${of(label)} />`)}
        ${data.abstained > 0 && html`<${Group} info=${info} title="Not sure" total=${data.abstained}
          items=${of(null)} open=${true} />`}
      </div>
    </section>`;
}

function Trained({ info, classifier, made }) {
  return html`
    <${Report} classifier=${classifier} />
    ${info.modality === "text" && html`<${Try} ...${{ info, classifier }} />`}
    <${Predictions} ...${{ info, classifier, made }} />`;
}

function Tabs({ all, chosen, go }) {
  return html`
    <nav class="tabs" aria-label="Classifiers">
      ${all.map((each) => html`<button type="button" key=${each.name} aria-pressed=${chosen === each.name}
        onClick=${() => go({ classifier: each.name })}>${each.name}</button>`)}
      <button type="button" aria-pressed=${!chosen} onClick=${() => go({ classifier: null })}>new</button>
    </nav>`;
}

export function Classes({ info, params, go }) {
  const [made, setMade] = useState(0);
  const [state, setState] = useState({ busy: false, error: null });
  const stored = useAnswer((signal) => api.classifiers(info.name, signal), [info.name, made]);
  const [draft, setDraft] = useDraft(info);
  const all = stored.data?.classifiers ?? [];
  const classifier = all.find((each) => each.name === params.classifier);
  const train = async (wanted) => {
    setState({ busy: true, error: null });
    try {
      await api.train(info.name, wanted);
      setState({ busy: false, error: null });
      setMade(made + 1);
      go({ classifier: wanted.name });
    } catch (error) {
      setState({ busy: false, error });
    }
  };
  if (stored.error) return html`<${Problem} error=${stored.error} />`;
  if (!stored.data) return html`<${Loading} what="Fetching the classes" />`;
  return html`
    <header class="heading"><div><h1>Classes</h1>
      <p class="lead">Name two or more classes, give a few examples of each, and every${" "}
        ${info.modality === "image" ? "picture" : "text"} gets a label with how sure it is.</p></div></header>
    ${all.length > 0 && html`<${Tabs} all=${all} chosen=${classifier?.name} go=${go} />`}
    ${classifier
      ? html`<${Trained} key=${classifier.name} ...${{ info, classifier, made }} />`
      : html`<${Examples} ...${{ info, draft, setDraft }} busy=${state.busy} onTrain=${train} />
          ${state.error && html`<${Problem} error=${state.error} />`}`}`;
}
