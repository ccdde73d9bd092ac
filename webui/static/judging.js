// Thumbs: what a person says of the hits of a text query is stored with the collection.
import { html, useEffect, useState } from "./vendor/preact.js";
import { api, useAnswer } from "./api.js";
import { Dialog, Icon, count, plural } from "./parts.js";

// What was said of the hits of `query`, by key, and a function to say more; null where nothing can be said.
export function useJudging(info, query) {
  const { data } = useAnswer((signal) => (query ? api.judgements(info.name, query, signal) : null), [info.name, query]);
  const [later, setLater] = useState(null);
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    setLater(null);
    setProblem(null);
  }, [info.name, query]);
  if (!query) return null;
  const known = later ?? data;
  const grades = new Map((known?.judgements ?? []).filter((said) => said.query === query).map((said) => [said.key, said.grade]));
  const judge = (key, grade) => api.judge(info.name, { query, key, grade }).then(
    (answer) => { setLater(answer); setProblem(null); }, setProblem);
  return { grades, judge, problem, total: known?.total ?? 0, queries: known?.queries ?? 0 };
}

export function Thumbs({ item, judging }) {
  const grade = judging.grades.get(item.key);
  const thumb = (name, value, isOn, told) => html`
    <button type="button" class=${`act thumb ${name}`} ...${{ [`data-${name}`]: true }} aria-pressed=${String(isOn)} title=${told} aria-label=${told}
      onClick=${() => judging.judge(item.key, isOn ? null : value)}><${Icon} name="thumb" /></button>`;
  return html`
    ${thumb("up", 1, grade > 0, "A good answer")}
    ${thumb("down", 0, grade === 0, "No answer to this")}`;
}

export function Judged({ info, judging }) {
  const [open, setOpen] = useState(false);
  if (!judging?.total && !judging?.problem) return null;
  if (judging.problem) return html`<span class="judged" role="alert">Not stored: ${judging.problem.message}</span>`;
  return html`
    <button type="button" class="judged" onClick=${() => setOpen(true)}>${count(judging.total)} judged</button>
    <${Dialog} open=${open} onClose=${() => setOpen(false)} title="What your thumbs are for">
      <div class="about-judging">
        <p>${plural(judging.total, "hit")} of ${plural(judging.queries, "query", "queries")} judged, stored with the collection.
          They measure how well searching by meaning, by words and by both answers you:</p>
        <pre>semsearch evaluate ${info.name}</pre>
        <p>And from ten judged queries on, the best weight of meaning beside words is learned from them:</p>
        <pre>semsearch learn-weight ${info.name}</pre>
      </div>
    <//>`;
}
