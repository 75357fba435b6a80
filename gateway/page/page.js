// The page's script: one text to /extract and its answer; /state every two seconds while somebody looks.

const EXAMPLE =
  "Angela Merkel met Tim Cook of Apple in Berlin on Tuesday. Siemens and the European Commission sent observers; " +
  "the talks go on in Zürich.";
const STATE_MILLISECONDS = 2000;
const TYPES = { PER: "person", ORG: "organisation", LOC: "place", MISC: "other" };
const REASONS = {
  cold: "the model is starting",
  timeout: "the model was not in time",
  overloaded: "the model has too much to do",
  broken: "the model fails",
  throttled: "an operator limits the model",
  flag: "the rules were asked for",
};
const STANDINGS = { ready: ["ready", "good"], unknown: ["not asked lately", ""], not_ready: ["not ready", "bad"] };
const BREAKERS = { closed: ["closed", "good"], half_open: ["trying", "warn"], open: ["open", "bad"] };

const at = (id) => document.getElementById(id);

/** An element with this text or these children. */
function made(name, content = [], className = "") {
  const element = document.createElement(name);
  element.append(...[content].flat());
  if (className) element.className = className;
  return element;
}

function facts(list, pairs) {
  list.replaceChildren(...pairs.map(([name, value, tone = ""]) => made("div", [made("dt", name), made("dd", value, tone)])));
}

function tell(place, message) {
  place.textContent = message;
  place.hidden = !message;
}

/** A request of this page; what it throws has a sentence for people as its message. */
async function ask(path, options = {}) {
  const headers = { ...options.headers };
  const key = at("key").value.trim();
  if (key) headers.authorization = `Bearer ${key}`;
  let response;
  try {
    response = await fetch(path, { ...options, headers, cache: "no-store" });
  } catch {
    throw new Error("The gateway does not answer. Is it running?");
  }
  if (response.status === 401 || response.status === 403) at("key-row").hidden = false;
  const answer = await response.json().catch(() => ({ error: `The gateway answered ${response.status}.` }));
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

// The answer

function percent(share) {
  return `${(share * 100).toFixed(share < 0.995 ? 0 : 1)}%`;
}

function typeOf(span) {
  return TYPES[span.label] ?? span.label.toLowerCase();
}

function classOf(span) {
  return span.label in TYPES ? span.label.toLowerCase() : "misc";
}

function marked(text, spans) {
  const parts = [];
  let end = 0;
  for (const span of [...spans].sort((one, other) => one.start - other.start)) {
    if (span.start < end) continue;
    const tag = made("span", [made("span", " (", "unseen"), `${span.label} ${percent(span.score)}`, made("span", ")", "unseen")], "tag");
    parts.push(text.slice(end, span.start), made("mark", [text.slice(span.start, span.end), tag], classOf(span)));
    end = span.end;
  }
  return [...parts, text.slice(end)];
}

function mention(span) {
  const type = made("td", made("span", typeOf(span), `chip ${classOf(span)}`));
  const numbers = [percent(span.score), span.start, span.end].map((value) => made("td", String(value), "number"));
  return made("tr", [made("td", span.text, "entity"), type, ...numbers]);
}

function show(text, answer) {
  const count = answer.spans.length;
  at("summary").textContent =
    (count === 1 ? "1 mention" : `${count} mentions`) +
    (answer.degraded ? `, by the rules: ${REASONS[answer.degraded_reason] ?? answer.degraded_reason}.` : ", by the model.");
  at("summary").className = answer.degraded ? "warn" : "good";
  facts(at("lineage"), [
    ["Answered by", `${answer.model.name} ${answer.model.version}`],
    ["Latency", `${answer.latency_ms} ms`],
    ["Degraded", answer.degraded ? "yes" : "no", answer.degraded ? "warn" : "good"],
    ...(answer.requested_model_version ? [["Asked for", `version ${answer.requested_model_version}`]] : []),
    ["Request", answer.request_id],
  ]);
  at("marked").replaceChildren(...marked(text, answer.spans));
  at("mentions").replaceChildren(...answer.spans.map(mention));
  at("mentions-area").hidden = count === 0;
  at("answer").hidden = false;
}

async function extract(event) {
  event.preventDefault();
  const text = at("text").value;
  if (!text.trim()) {
    tell(at("failure"), "There is no text yet: paste one, or use the example.");
    at("text").focus();
    return;
  }
  at("send").disabled = true;
  try {
    const answer = await ask("/extract?offsets=utf16", {
      method: "POST",
      headers: { "content-type": "application/json", "x-degradation": at("degradation").value },
      body: JSON.stringify({ text }),
    });
    tell(at("failure"), "");
    show(text, answer);
  } catch (error) {
    at("answer").hidden = true;
    tell(at("failure"), error.message);
  } finally {
    at("send").disabled = false;
  }
  look();
}

// The state

function number(value) {
  return made("td", String(value), "number");
}

function toned([word, tone]) {
  return made("td", made("span", word, tone));
}

function milliseconds(latency, quantile) {
  return number(latency ? `${latency[quantile].toFixed(latency[quantile] < 10 ? 1 : 0)} ms` : "–");
}

function traffic(version) {
  if (version.percent === null) return made("td", "–");
  const meter = made("meter");
  meter.max = 100;
  meter.value = version.percent;
  meter.ariaHidden = "true";
  const copies = version.shadow_percent ? `, ${version.shadow_percent}% copies` : "";
  return made("td", [meter, `${version.percent}%${copies}`]);
}

function row(version) {
  const name = made("th", version.model_version || "by the model's choice");
  name.scope = "row";
  const { live, batch } = version;
  const standing = version.is_disabled ? ["disabled", "warn"] : (STANDINGS[version.standing] ?? ["–", ""]);
  return made("tr", [
    name,
    traffic(version),
    toned(standing),
    toned(BREAKERS[version.breaker] ?? ["–", ""]),
    number(live.requests),
    number(live.outcomes.degraded ?? 0),
    number(live.outcomes.error ?? 0),
    milliseconds(live.latency_ms, "p50"),
    milliseconds(live.latency_ms, "p95"),
    number(batch.requests),
  ]);
}

function showState(state) {
  const serving = state.versions.filter((version) => version.percent).map((version) => version.model_version);
  at("serving").textContent = `${state.model_name} ${serving.join(" and ")} · gateway ${state.gateway_version}`;
  const flags = Object.entries(state.flags).map(([name, value]) => `${name} ${value}`);
  facts(at("facts"), [
    ["Gateway", state.is_draining ? "draining" : "ready", state.is_draining ? "warn" : "good"],
    ["Waiting for the model", `${state.queue.in_flight} of at most ${state.queue.limit}`],
    ["Flags", flags.join(", ") || "none", flags.length ? "warn" : ""],
  ]);
  at("versions").replaceChildren(...state.versions.map(row));
}

let isPaused = false;
let next;

async function look() {
  clearTimeout(next);
  try {
    showState(await ask("/state"));
    tell(at("state-failure"), "");
  } catch (error) {
    tell(at("state-failure"), error.message);
  }
  plan();
}

function plan() {
  clearTimeout(next);
  if (!isPaused && !document.hidden) next = setTimeout(look, STATE_MILLISECONDS);
}

at("extract").addEventListener("submit", extract);
at("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) at("extract").requestSubmit();
});
at("example").addEventListener("click", () => {
  at("text").value = EXAMPLE;
  at("text").focus();
});
at("pause").addEventListener("click", () => {
  isPaused = !isPaused;
  at("pause").setAttribute("aria-pressed", String(isPaused));
  plan();
});
at("key").addEventListener("change", look);
document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(next) : look()));
look();
