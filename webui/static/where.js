// Filters as text: made from what is pressed, and taken apart again to see what is pressed.

// Names that the filter language would read as its own words.
const RESERVED = new RegExp("^(and|any|as|between|case|create|cross|current_date|distinct|drop|else|except|false|for|from|glob|"
  + "having|if|ilike|in|inner|insert|intersect|into|is|join|like|not|null|on|or|outer|regexp|replace|rlike|select|show|then|"
  + "true|union|using|when|where|with|xor)$", "i");
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\w+|\s+|./gsu;

export const fieldOf = (name) =>
  /^[A-Za-z_]\w*$/.test(name) && !RESERVED.test(name) ? name : `"${name.replaceAll('"', '""')}"`;

export const quoted = (value) => (typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value));

// What a filter joins by `and`; all of it in one where it has an `or` outside brackets.
function taken(where) {
  const terms = [""];
  let [depth, between] = [0, 0];
  for (const [token] of (where ?? "").matchAll(TOKEN)) {
    const word = depth ? "" : token.toLowerCase();
    depth += (token === "(") - (token === ")");
    if (word === "or") return { terms: [where.trim()], isEither: true };
    between += word === "between";
    if (word === "and" && !between) terms.push("");
    else terms[terms.length - 1] += token;
    if (word === "and" && between) between -= 1;
  }
  return { terms: terms.map((term) => term.trim()).filter(Boolean), isEither: false };
}

export const termsOf = (where) => taken(where).terms;
const joined = (terms) => terms.join(" and ") || null;

export const holds = (where, conditions) => conditions.every((each) => termsOf(where).includes(each));
export const without = (where, conditions) => joined(termsOf(where).filter((each) => !conditions.includes(each)));

// A filter that asks for these conditions too.
export function narrowed(where, conditions) {
  const { terms, isEither } = taken(where);
  const kept = isEither ? [`(${terms[0]})`] : terms;
  return joined([...kept, ...conditions.filter((each) => !terms.includes(each))]);
}

// The conditions of a filter that are on a field alone.
export const ownTerms = (where, name) => termsOf(where).filter((each) => each.startsWith(`${fieldOf(name)} `));

export const conditionsOf = (name, value, isMember) =>
  [isMember ? `${quoted(value)} in ${fieldOf(name)}` : `${fieldOf(name)} = ${quoted(value)}`];

const pad = (n, width = 2) => String(n).padStart(width, "0");

// The first day after a day, month or year.
function dayAfter(spelled) {
  const [year, month, day] = spelled.split("-").map(Number);
  const next = new Date(Date.UTC(month ? year : year + 1, day ? month - 1 : month ?? 0, day ? day + 1 : 1));
  return `${pad(next.getUTCFullYear(), 4)}-${pad(next.getUTCMonth() + 1)}-${pad(next.getUTCDate())}`;
}

// What a line of a facet asks for: a value, a range, or a stretch of time.
export function conditionsOfFacet(name, kind, { value, low, high }) {
  const field = fieldOf(name);
  if (low !== undefined) return [`${field} >= ${low}`, `${field} < ${high}`];
  if (kind !== "date") return conditionsOf(name, value, kind === "list");
  const first = [value, "01", "01"].slice(0, 4 - value.split("-").length).join("-");
  return [`${field} >= '${first}'`, `${field} < '${dayAfter(value)}'`];
}

// A filter on a field that is there; a number tells most.
export function exampleOf(fields) {
  const [name, type] = Object.entries(fields).find(([, type]) => type === "number") ?? Object.entries(fields)[0];
  return { number: `${fieldOf(name)} > 3`, boolean: `${fieldOf(name)} = true` }[type] ?? `${fieldOf(name)} = '…'`;
}
