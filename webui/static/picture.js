// Ask with a picture of one's own: choose, drop or paste it. It is sent to this server only.
import { html, useCallback, useEffect, useRef, useState } from "./vendor/preact.js";
import { Icon, Problem } from "./parts.js";

const firstPicture = (list) => [...(list ?? [])].find((file) => file.type.startsWith("image/"));

const noPicture = (file) => ({
  message: `“${file.name}” is no picture`,
  remedy: "choose a PNG, JPEG, WebP, AVIF, GIF or BMP file",
});

// The picture asked with, as {blob, url, name}; pasting anywhere on the page gives one.
export function usePicture(enabled) {
  const [picture, setPicture] = useState(null);
  const take = useCallback((file) => {
    setPicture((last) => {
      if (last) URL.revokeObjectURL(last.url);
      return file ? { blob: file, url: URL.createObjectURL(file), name: file.name || "pasted picture" } : null;
    });
  }, []);
  useEffect(() => {
    if (!enabled) return undefined;
    const onPaste = (event) => {
      const file = firstPicture(event.clipboardData?.files);
      if (file) take(file);
    };
    window.addEventListener("paste", onPaste);
    return () => window.removeEventListener("paste", onPaste);
  }, [enabled]);
  return [picture, take];
}

// What is wrong with the files last given, until a picture or another item is asked with.
function useRefusal(like) {
  const [problem, setProblem] = useState(null);
  const judge = useCallback((files) => {
    if (files?.length) setProblem(firstPicture(files) ? null : noPicture(files[0]));
  }, []);
  useEffect(() => {
    const onPaste = (event) => judge(event.clipboardData?.files);
    window.addEventListener("paste", onPaste);
    return () => window.removeEventListener("paste", onPaste);
  }, []);
  useEffect(() => setProblem(null), [like]);
  return [problem, judge];
}

export function PictureBox({ info, params, onPicture }) {
  const [over, setOver] = useState(false);
  const [problem, judge] = useRefusal(params.like);
  const input = useRef();
  const give = (files) => {
    const file = firstPicture(files);
    judge(files);
    if (file) onPicture(file);
  };
  const onDrop = (event) => {
    event.preventDefault();
    setOver(false);
    give(event.dataTransfer.files);
  };
  const onDragOver = (event) => {
    event.preventDefault();
    setOver(true);
  };
  return html`
    <div class=${`ask drop ${over ? "over" : ""}`} onDrop=${onDrop} onDragOver=${onDragOver}
      onDragLeave=${() => setOver(false)}>
      <${Icon} name="image" />
      <p>Drop or paste a picture to find its like in ${info.name}</p>
      <button type="button" class="button primary" data-search onClick=${() => input.current.click()}>Choose</button>
      <input ref=${input} type="file" class="visually-hidden" tabindex="-1" aria-label="Picture to search with"
        accept="image/png,image/jpeg,image/webp,image/avif,image/gif,image/bmp"
        onChange=${(event) => { give(event.target.files); event.target.value = ""; }} />
    </div>
    ${problem && html`<${Problem} error=${problem} />`}`;
}
