// Asking the server, page after page. What is asked stands in the address; more hits are a larger k.
import { useEffect, useMemo, useRef, useState } from "./vendor/preact.js";
import { api } from "./api.js";
import { quoted } from "./where.js";
import { questionOf } from "./terms.js";

export const MOST = 1000;
const NOTHING = { data: null, error: null, loading: true };

function loader(info, question, picture) {
  if (picture) return (signal, rest) => api.searchByImage(info.name, { image: picture.blob, ...question, text: undefined, ...rest }, signal);
  if (question) return (signal, rest) => api.search(info.name, { ...question, ...rest }, signal);
  return null;
}

// The hits of a question, and a function that adds those that follow; `onMore` learns how many are shown.
export function useHits(info, params, picture, onMore) {
  const k = Math.min(MOST, Number(params.k) || 10);
  const spelled = JSON.stringify(questionOf(params));
  const question = useMemo(() => JSON.parse(spelled), [spelled]);
  const asked = question ?? (picture && (params.where ? { where: params.where } : {}));
  const load = useMemo(() => loader(info, asked, picture), [info, spelled, picture, params.where]);
  const [state, setState] = useState(NOTHING);
  const [growing, setGrowing] = useState(false);
  const latest = useRef();
  latest.current = load;
  const isShown = state.data?.load === load && state.data.k === k;
  useEffect(() => {
    if (!load || isShown) return undefined;
    const controller = new AbortController();
    setState((last) => ({ ...last, error: null, loading: true }));
    load(controller.signal, { k }).then(
      (data) => controller.signal.aborted || setState({ data: { ...data, load, k, step: Math.min(k, 50) }, error: null, loading: false }),
      (error) => controller.signal.aborted || setState({ data: null, error, loading: false }),
    );
    return () => controller.abort();
  }, [load, k]);
  const more = async () => {
    const { data } = state;
    setGrowing(true);
    try {
      const next = await load(undefined, { k: data.step, after: data.after });
      if (latest.current !== load) return; // something else was asked meanwhile
      const hits = [...data.hits, ...next.hits];
      setState({ data: { ...next, hits, load, step: data.step, k: hits.length, notes: data.notes }, error: null, loading: false });
      onMore(hits.length);
    } catch (error) {
      if (latest.current === load) setState({ data: null, error, loading: false });
    } finally {
      setGrowing(false);
    }
  };
  return { ...state, isAsked: Boolean(load), more, growing, question };
}

const BESIDE = ["text", "plus", "minus", "mode", "weight", "fusion"];

// One hit again, with the words that carried it; null where the filter cannot name it.
export function explainer(info, question) {
  if (!question || "key" in info.fields || info.modality !== "text" || question.order === "unusual") return null;
  const asked = Object.fromEntries(BESIDE.filter((name) => name in question).map((name) => [name, question[name]]));
  return (key) => api.search(info.name, { ...asked, where: `key = ${quoted(key)}`, k: 1, explain: true })
    .then(({ hits }) => hits[0]);
}
