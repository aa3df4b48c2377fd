/** The page: a question, one or two settings, their answers side by side, and what the layers read. */
import { Answer, verdict } from './answer.js';
import { element, find, percent, fixed, signed } from './dom.js';
import { heatMap, largest } from './heatMap.js';
import { fromHash, toHash } from './link.js';
import { archive, runFiles, runOf } from './runFolder.js';
import { getInfo, play, Refusal, useKey } from './server.js';
import { Setting } from './setting.js';

/** @import { Info } from '../../src/serve/info.js' */
/** @typedef {{ setting: Setting, answer: Answer, controller: AbortController | null }} Player */

const input = (/** @type {string} */ id) => find(document, `#${id}`, HTMLInputElement);
const button = (/** @type {string} */ id) => find(document, `#${id}`, HTMLButtonElement);
const part = (/** @type {string} */ id) => find(document, `#${id}`, HTMLElement);
const question = find(document, '#question', HTMLTextAreaElement);
const form = find(document, '#ask', HTMLFormElement);
const unlock = find(document, '#unlock', HTMLFormElement);

/** Milliseconds that a slider must rest before it counts as moved. */
const rest = 300;

/** @type {Info | null} */
let info = null;
/** @type {Player[]} */
let players = [];
/** What was asked last; sliders change its answer, not that of what is being typed. */
let asked = '';
/** The round whose readings are shown; null: the last one that came. @type {{ player: Player, index: number } | null} */
let chosen = null;

unlock.addEventListener('submit', (event) => {
  event.preventDefault();
  useKey(input('key').value);
  void begin();
});

async function begin() {
  tellError(null);
  try {
    info = await getInfo();
  } catch (error) {
    unlock.hidden = !(error instanceof Refusal && error.status === 401);
    form.hidden = !unlock.hidden;
    if (unlock.hidden) tellError(error);
    else if (input('key').value !== '')
      tellError(new Refusal('The server does not know this key.'));
    part('models').textContent = unlock.hidden ? 'The server does not answer.' : 'A key is wanted.';
    return;
  }
  unlock.hidden = true;
  form.hidden = false;
  build(info);
}

/** @param {Info} served */
function build(served) {
  const { upstream, corrector, examples } = served;
  part('models').textContent = `${upstream.name}, corrected by ${corrector.name}`;
  players = ['A', 'B'].map((name, index) => playerOf(name, index, served));
  part('settings').replaceChildren(...players.map(({ setting }) => setting.root));
  part('answers').replaceChildren(...players.map(({ answer }) => answer.root));
  part('examples').replaceChildren(
    ...examples.map((text) => {
      const take = () => {
        question.value = text;
        question.focus();
      };
      return element('button', { type: 'button', onclick: take }, text);
    }),
  );
  question.value = examples[0] ?? '';
  // The second setting begins as strong as is allowed, so that there is something to compare.
  if (served.directions.length > 0) players[1]?.setting.load({ coefficient: served.bounds.coefficient[1] }); // prettier-ignore
  takeLink();
  showPlayers();
  refresh();
}

/** @param {string} name @param {number} index @param {Info} served @returns {Player} */
function playerOf(name, index, served) {
  /** @type {number | undefined} */
  let timer;
  /** @type {Player} */
  const player = {
    controller: null,
    setting: new Setting({
      ...{ name, info: served },
      onChange() {
        clearTimeout(timer);
        timer = window.setTimeout(() => changed(player), rest);
      },
    }),
    answer: new Answer({
      name,
      onReadings: (round) => choose({ player, index: round }),
      onAgain: (round) => void go(player, round),
    }),
  };
  player.setting.root.dataset.index = String(index);
  return player;
}

/** A slider was moved. @param {Player} player */
function changed(player) {
  if (asked === '' || !shown().includes(player)) return;
  if (applies() === 'again') void go(player, 0);
  else if (player.controller) void go(player, player.answer.rounds.length);
}

/** The answer at one setting, behind the rounds that are kept. @param {Player} player @param {number} kept */
async function go(player, kept) {
  const { setting, answer } = player;
  player.controller?.abort();
  const controller = new AbortController();
  player.controller = controller;
  if (chosen?.player === player) choose(null);
  answer.begin(kept);
  showAchieved(player);
  refresh();
  const { signal } = controller;
  try {
    await play(
      {
        ...{ question: asked, settings: [setting.asked()], prefix: answer.text() },
        ...{ seed: Number(input('seed').value), temperature: Number(input('temperature').value) },
        rounds: input('stepwise').checked ? 1 : Math.max(1, Number(input('rounds').value) - kept),
      },
      { signal, onEvent: (event) => !signal.aborted && take(player, event) },
    );
  } catch (error) {
    // Another run has taken its place, or Stop has said so.
    if (signal.aborted) return;
    answer.breakOff('The answer was not finished.');
    tellError(error);
  }
  player.controller = null;
  refresh();
}

/** @param {Player} player @param {import('../../src/serve/play.js').PlayEvent} event */
function take(player, event) {
  const { answer, setting } = player;
  if (event.kind === 'start') answer.start(event.strength);
  else showAchieved(player);
  if (event.kind === 'end') {
    answer.finish(event);
    const { copyRate, editRatio } = answer.totals();
    const numbers = copyRate === null || editRatio === null ? '' : `, copy rate ${percent(copyRate)}, edit ratio ${fixed(editRatio)}`; // prettier-ignore
    tell(`Setting ${setting.name}: ${answer.mayGoOn ? 'waits' : 'finished'}${numbers}.`);
  }
  if (event.kind !== 'round') return;
  answer.add(event);
  tell(`Setting ${setting.name}, sentence ${answer.rounds.length}: ${verdict(event.round)}. ${event.round.y2 ?? ''}`); // prettier-ignore
  // Where the answer ends nothing is written, and there is only the boundary token to be seen.
  if (!chosen && event.text !== '') drawMap(player, answer.rounds.length - 1);
}

/** Marks on the curve what came of the answer so far. @param {Player} player */
function showAchieved({ setting, answer }) {
  const { editRatio: ratio } = answer.totals();
  const { coefficient, off } = answer.strength ?? { off: true };
  setting.showAchieved(ratio === null || off || coefficient === undefined ? null : { coefficient, ratio }); // prettier-ignore
}

/** @param {{ player: Player, index: number } | null} round */
function choose(round) {
  chosen = round;
  if (!round) return;
  drawMap(round.player, round.index);
  find(document, '#readings', HTMLElement).scrollIntoView({ block: 'nearest' });
}

/** @param {Player} player @param {number} index */
function drawMap(player, index) {
  const { answer, setting } = player;
  const round = answer.rounds[index];
  for (const one of players) one.answer.mark(one === player ? index : null);
  if (!round) return;
  const { readings, strength } = round;
  const name = `sentence ${index + 1} at setting ${setting.name}`;
  const cell = part('cell');
  if (!readings) {
    part('map').replaceChildren();
    cell.hidden = part('legend').hidden = true;
    part('mapCaption').textContent = `There are no readings of ${name}: ${strength?.off ? 'the corrector was off' : 'this corrector cannot be read, or the server has no direction for it'}.`; // prettier-ignore
    return;
  }
  const all = shown().flatMap((one) => one.answer.rounds.flatMap((each) => each.readings ?? []));
  const most = largest(all);
  const steered = strength && strength.coefficient !== 0 ? strength.layers : [];
  part('map').replaceChildren(
    heatMap({ readings, steered, most, name }, (text) => (cell.textContent = text)),
  );
  part('mapCaption').textContent = `The readings of ${name}: the projection of each layer’s hidden state on the direction, after steering, in mean norms of the layer. The first column is the boundary token, at which the corrector decides between copying and correcting.${steered.length > 0 ? ' ● marks steered layers.' : ''}`; // prettier-ignore
  part('least').textContent = `${signed(-most)} towards copying`;
  part('most').textContent = `towards correcting ${signed(most)}`;
  cell.textContent =
    'Point at a cell, or go to it with the arrow keys: this line says what it means.';
  cell.hidden = part('legend').hidden = false;
}

/** Those that are shown. */
function shown() {
  return players.slice(0, input('compare').checked ? 2 : 1);
}

function showPlayers() {
  const [, second] = players;
  if (!second) return;
  const both = input('compare').checked;
  second.setting.root.hidden = second.answer.root.hidden = !both;
  if (both) return;
  second.controller?.abort();
  second.controller = null;
}

function applies() {
  return find(form, '[name=applies]:checked', HTMLInputElement).value;
}

/** Whether there is a next sentence to ask for. @param {Player} player */
function mayGoOn({ answer, controller }) {
  return !controller && answer.mayGoOn;
}

/** What can be pressed. */
function refresh() {
  const running = players.some(({ controller }) => controller !== null);
  button('play').disabled = info === null;
  // Not `disabled`, which would take the focus away from who has just pressed them.
  button('stop').ariaDisabled = String(!running);
  button('next').ariaDisabled = String(!shown().some(mayGoOn));
  for (const save of ['export', 'saveRun']) {
    button(save).disabled = !players.some(({ answer }) => answer.rounds.length > 0);
  }
  part('answers').ariaBusy = String(running);
}

/** @param {string} text */
function tell(text) {
  part('status').textContent = text;
}

/** @param {unknown} error null: there is none */
function tellError(error) {
  const line = part('error');
  line.hidden = error === null;
  line.textContent = error instanceof Error ? error.message : '';
  if (error instanceof Error && !(error instanceof Refusal)) console.error(error);
}

/** @returns {import('./link.js').State} */
function state() {
  return {
    question: question.value,
    seed: Number(input('seed').value),
    temperature: Number(input('temperature').value),
    rounds: Number(input('rounds').value),
    stepwise: input('stepwise').checked,
    applies: applies(),
    settings: shown().map(({ setting }) => setting.asked()),
  };
}

function takeLink() {
  const given = fromHash(location.hash);
  if (given.question !== undefined) question.value = given.question;
  for (const name of /** @type {const} */ (['seed', 'temperature', 'rounds'])) {
    if (given[name] !== undefined) input(name).value = String(given[name]);
  }
  input('stepwise').checked = given.stepwise ?? false;
  if (given.applies) find(form, `[name=applies][value=${given.applies}]`, HTMLInputElement).checked = true; // prettier-ignore
  for (const [i, one] of (given.settings ?? []).entries()) players[i]?.setting.load(one);
  input('compare').checked = (given.settings ?? []).length > 1;
}

/** What was asked and answered, with every reading. */
function session() {
  const { version, model, upstream, corrector } = info ?? {};
  return {
    ...{ tool: 'aligner-lab', version, model, upstream, corrector, date: new Date().toISOString() },
    ...{ link: location.href.replace(/#.*$/, '') + toHash(state()), ...state(), question: asked },
    answers: shown().map(({ answer }) => {
      const { name, strength, rounds, end } = answer;
      return { name, strength, text: answer.text(), ...answer.totals(), reason: end?.reason ?? null, rounds }; // prettier-ignore
    }),
  };
}

/** @returns {import('./runFolder.js').Played} */
function played() {
  const link = location.href.replace(/#.*$/, '') + toHash(state());
  return { state: state(), asked, link, answers: shown().map(({ answer }) => answer) };
}

/** @param {Blob} blob @param {string} name */
function save(blob, name) {
  const href = URL.createObjectURL(blob);
  element('a', { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
  tell(`Saved as ${name}.`);
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  asked = question.value;
  chosen = null;
  tellError(null);
  tell('Asked.');
  history.replaceState(null, '', toHash(state()));
  for (const player of shown()) void go(player, 0);
});
button('next').addEventListener('click', () => {
  const waiting = shown().filter(mayGoOn);
  if (waiting.length > 0) tellError(null);
  for (const player of waiting) void go(player, player.answer.rounds.length);
});
button('stop').addEventListener('click', () => {
  if (!players.some(({ controller }) => controller)) return;
  for (const player of players) {
    if (!player.controller) continue;
    player.controller.abort();
    player.controller = null;
    player.answer.breakOff('Stopped.');
  }
  tell('Stopped.');
  refresh();
});
button('share').addEventListener('click', () => {
  history.replaceState(null, '', toHash(state()));
  input('link').value = location.href;
  part('linkLabel').hidden = false;
  input('link').select();
  // Browsers give the clipboard to secure pages alone; the link stands there in any case.
  navigator.clipboard?.writeText(location.href).then(
    () => tell('The link is copied.'),
    () => tell('The link stands below the buttons.'),
  );
});
button('export').addEventListener('click', () => {
  const blob = new Blob([JSON.stringify(session(), null, 2)], { type: 'application/json' });
  save(blob, 'aligner-lab-session.json');
});
button('saveRun').addEventListener('click', () => {
  if (!info) return;
  const date = new Date();
  const folder = `play-${date.toISOString().slice(0, 19).replace(/\D/g, '')}`;
  save(archive(runFiles(runOf(info, played(), date), folder), date), `${folder}.tar`);
});
input('compare').addEventListener('change', () => {
  showPlayers();
  const [first, second] = players;
  if (input('compare').checked && asked !== '' && first && second) void go(second, 0);
  refresh();
});
window.addEventListener('hashchange', () => {
  if (!info) return;
  takeLink();
  showPlayers();
  refresh();
});

void begin();
