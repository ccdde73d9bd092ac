// How good a classifier is, measured on examples it had not seen.
import { html } from "./vendor/preact.js";
import { percent, plural, sentence } from "./parts.js";

function Measure({ name, value, interval }) {
  if (value == null) return null;
  const [low, high] = interval ?? [value, value];
  return html`
    <div class="measure">
      <p class="value">${percent(value)}</p>
      <div class="range" aria-hidden="true"><span style=${{ left: `${low * 100}%`, right: `${100 - high * 100}%` }}></span>
        <i style=${{ left: `${value * 100}%` }}></i></div>
      <p class="name">${name}${interval && html`, 95 % interval ${percent(low)} to ${percent(high)}`}</p>
    </div>`;
}

function Confusion({ labels, confusion }) {
  const most = Math.max(1, ...confusion.flat());
  return html`
    <table class="confusion">
      <caption>Rows: what it is. Columns: what was said.</caption>
      <thead><tr><td></td>${labels.map((label) => html`<th scope="col" key=${label}>${label}</th>`)}</tr></thead>
      <tbody>${confusion.map((row, i) => html`
        <tr key=${labels[i]}><th scope="row">${labels[i]}</th>
          ${row.map((n, j) => html`<td key=${j} class=${i === j ? "right" : n ? "wrong" : ""}
            style=${{ "--share": n / most }}>${n}</td>`)}</tr>`)}</tbody>
    </table>`;
}

export function Report({ classifier }) {
  const report = classifier.report;
  if (!report || report.accuracy == null)
    return html`<section class="report"><p class="hint">
      ${sentence(report?.note || "too few examples to measure how good it is")}</p></section>`;
  return html`
    <section class="report" aria-label="How good it is">
      <div>
        <${Measure} name="accuracy" value=${report.accuracy} interval=${report.accuracy_interval} />
        <p class="hint">Measured by cross-validation in ${plural(report.n_folds, "part")} on
          ${" "}${plural(report.n_examples, "example")}, each predicted by a classifier that had not seen it.${report.note && ` ${sentence(report.note)}`}</p>
      </div>
      <${Confusion} labels=${report.labels} confusion=${report.confusion} />
    </section>`;
}
