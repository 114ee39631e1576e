/**
 * What a page knows of its room beside the picture: questions, polls, hands, classes, how the session goes. Pure:
 * each event of the server is taken in here, and carries the whole of what changed. See rooms/PROTOCOL.md.
 */

/** @typedef {"asked" | "held" | "not_now" | "passed" | "declined" | "shown" | "on_stage" | "answered" | "archived"} QuestionState */
/** @typedef {"green" | "lobby" | "live" | "paused" | "ended"} Phase */
/** As everybody sees it.
 * @typedef {{
 *   id: string, class_name: string, region: string, text: string, state: QuestionState, is_pinned: boolean,
 *   votes: number, at: number,
 * }} Question */
/** Of this device. @typedef {{id: string, state: QuestionState, held_for?: string[]}} OwnQuestion */
/** In the queue of a teacher or a moderator.
 * @typedef {{
 *   id: string, part: string, class_name: string, region: string, seat: string | null, text: string,
 *   state: QuestionState, held_for: string[], at: number,
 * }} Waiting */
/** @typedef {{
 *   id: string, text: string, choices: string[], is_multiple: boolean, is_open: boolean, is_shown: boolean,
 * }} Poll */
/** @typedef {{poll: string, votes: number[], hands: number[], voters: number}} Result */
/** @typedef {{seat: string, at: number}} Hand */
/** @typedef {{
 *   part: string, is_frozen?: boolean, is_muted?: boolean, first_check?: "teacher" | "moderator",
 *   has_consent?: boolean, is_on_stage?: boolean,
 * }} ClassState */
/** @typedef {{
 *   part: string, class_name: string, region: string, headcount: number | null, phones: number,
 *   has_screen: boolean, has_adult: boolean, hands: number, waiting: number, left?: boolean,
 *   watching?: number, worst?: "good" | "fair" | "sound" | "poor" | "none" | null, worst_count?: number, by_relay?: number,
 * }} ClassCount */
/** @typedef {{title: string, minutes: number}} Item */
/** A line of what is said; `number` grows each time it is typed anew.
 * @typedef {{id: string, language: string, text: string, at: number, number: number}} Caption */

/**
 * @typedef {{
 *   phase: Phase, phase_at: number, questions: Map<string, Question>, own: Map<string, OwnQuestion>,
 *   upvoted: Set<string>, queue: Map<string, Waiting>, polls: Map<string, Poll>, results: Map<string, Result>,
 *   voted: Set<string>, is_hand_up: boolean, hands: Map<string, Hand[]>, states: Map<string, ClassState>,
 *   classes: ClassCount[], waiting: number,
 *   host: string | null, host_name: string, items: Item[], item: number | null, item_at: number | null,
 *   timer_until: number | null, captions: Caption[], captions_in: string[],
 * }} Floor
 */

/** @returns {Floor} */
export function emptyFloor() {
  return {
    phase: "live", phase_at: 0, questions: new Map(), own: new Map(), upvoted: new Set(), queue: new Map(),
    polls: new Map(), results: new Map(), voted: new Set(), is_hand_up: false, hands: new Map(),
    states: new Map(), classes: [], waiting: 0, host: null, host_name: "", items: [],
    item: null, item_at: null, timer_until: null, captions: [], captions_in: [],
  };
}

/** @type {QuestionState[]} */
const PUBLIC = ["shown", "on_stage", "answered"];

/** @template {{id: string}} T @param {T[]} [list] @returns {Map<string, T>} */
const byId = (list = []) => new Map(list.map((one) => [one.id, one]));

/** All of the room; what was known goes. @param {any} now @returns {Floor} */
function whole(now) {
  return {
    ...emptyFloor(), phase: now.phase, phase_at: now.phase_at, questions: byId(now.questions),
    own: byId(now.own_questions), upvoted: new Set(now.upvoted), queue: byId(now.waiting),
    polls: byId(now.polls), voted: new Set(now.voted), is_hand_up: now.is_hand_up ?? false,
    states: new Map((now.classes ?? []).map((/** @type {ClassState} */ one) => [one.part, one])),
    host: now.host ?? null, items: now.items ?? [], item: now.item ?? null, item_at: now.item_at ?? null,
    timer_until: now.timer_until ?? null, captions: now.captions ?? [], captions_in: now.captions_in ?? [],
  };
}

/** @param {Floor} floor @param {Question} question */
function takeQuestion(floor, question) {
  if (PUBLIC.includes(question.state)) floor.questions.set(question.id, question);
  else floor.questions.delete(question.id);
}

/** @param {Floor} floor @param {any} told */
function takeCounts(floor, told) {
  floor.waiting = told.waiting ?? 0;
  for (const [id, votes] of Object.entries(told.votes ?? {})) {
    const question = floor.questions.get(id);
    if (question) floor.questions.set(id, { ...question, votes: Number(votes) });
  }
}

// Older lines scroll away.
const CAPTIONS_KEPT = 30;

/** Oldest first; an older word of a line that was typed anew changes nothing. @param {Floor} floor @param {Caption} caption */
function takeCaption(floor, caption) {
  const known = floor.captions.find(({ id }) => id === caption.id);
  if (known && known.number >= caption.number) return;
  const others = floor.captions.filter(({ id }) => id !== caption.id);
  floor.captions = [...others, caption].sort((a, b) => a.at - b.at || a.number - b.number).slice(-CAPTIONS_KEPT);
}

/** How each event adds to it. @type {Record<string, (floor: Floor, told: any) => void>} */
const TAKES = {
  room: (floor, told) => void Object.assign(floor, whole(told)),
  question: (floor, told) => takeQuestion(floor, told.question),
  own_question: (floor, told) => void floor.own.set(told.question.id, told.question),
  waiting: (floor, told) => void floor.queue.set(told.question.id, told.question),
  gone: (floor, told) => void floor.queue.delete(told.question),
  poll: (floor, told) => void floor.polls.set(told.poll.id, told.poll),
  poll_result: (floor, told) => void floor.results.set(told.poll, told),
  counts: takeCounts,
  hands: (floor, told) => void floor.hands.set(told.part, told.hands),
  own_hand: (floor, told) => void (floor.is_hand_up = told.is_on),
  class: (floor, told) => void floor.states.set(told.state.part, told.state),
  classes: (floor, told) => void (floor.classes = told.classes),
  phase: (floor, told) => void Object.assign(floor, { phase: told.phase, phase_at: told.at }),
  host: (floor, told) => void Object.assign(floor, { host: told.member, host_name: told.name }),
  order: (floor, told) => void Object.assign(floor, { items: told.items, item: told.item, item_at: told.item_at }),
  caption: (floor, told) => takeCaption(floor, told.caption),
  timer: (floor, told) => void (floor.timer_until = told.until ?? null),
};

/** Takes an event in; whether it says anything of the floor. @param {Floor} floor @param {any} told */
export function take(floor, told) {
  const takes = TAKES[told.event];
  takes?.(floor, told);
  return takes !== undefined;
}

/** The question on the stage. @param {Floor} floor @returns {Question | null} */
export function staged(floor) {
  return [...floor.questions.values()].find(({ state }) => state === "on_stage") ?? null;
}

/** What everybody may want asked: the pinned first, then the most wanted, then the oldest. @param {Floor} floor */
export function wanted(floor) {
  return [...floor.questions.values()]
    .filter(({ state }) => state === "shown")
    .sort((a, b) => Number(b.is_pinned) - Number(a.is_pinned) || b.votes - a.votes || a.at - b.at);
}

/** The queue, the oldest first. @param {Floor} floor @param {...QuestionState} states @returns {Waiting[]} */
export function queued(floor, ...states) {
  return [...floor.queue.values()].filter(({ state }) => states.includes(state)).sort((a, b) => a.at - b.at);
}

/** The poll that matters now: the open one, else the last that is shown. @param {Floor} floor @returns {Poll | null} */
export function pollNow(floor) {
  const polls = [...floor.polls.values()].reverse();
  return polls.find((poll) => poll.is_open) ?? polls.find((poll) => poll.is_shown) ?? null;
}

/** Why a device of this class cannot say anything now: the key of the words, "" when it can.
 * @param {Floor} floor @param {string} part */
export function silence(floor, part) {
  if (floor.phase === "green") return "not_open";
  const state = floor.states.get(part);
  if (state?.is_muted) return "class_muted";
  return state?.is_frozen ? "class_frozen" : "";
}

/** What is said, for a reader of this language: where nobody types in it, as it is typed. Without lines taken back.
 * @param {Floor} floor @param {string} language @returns {Caption[]} */
export function captionsFor(floor, language) {
  const lines = floor.captions.filter(({ text }) => text);
  const own = lines.filter((line) => line.language === language);
  if (own.length) return own;
  const last = lines.at(-1)?.language;
  return lines.filter((line) => line.language === last);
}
