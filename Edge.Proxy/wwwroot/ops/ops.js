// The operations page: asks for a report every two seconds while somebody looks.
import { Chart } from './chart.js';
import { NotDone, Refused, drain, forgetKey, hasKey, keepKey, report } from './cluster.js';
import { Rates, Series, sum } from './series.js';
import { NodeRows, showCloses, showNumbers, showTopics, showWaiting } from './view.js';
import { count, ms, rate } from './words.js';

const Interval = 2_000;
const $ = id => document.getElementById(id);

const rates = new Rates();
const [published, delivered, roundTrip] = [new Series(), new Series(), new Series()];
const charts = [
  new Chart($('charts'), 'Published per second', published, rate, 'one'),
  new Chart($('charts'), 'Delivered per second', delivered, rate, 'two'),
  new Chart($('charts'), 'Redis round trip', roundTrip, ms, 'three'),
];
const rows = new NodeRows(askToDrain);
let timer = 0;
let asking = false;

function show(answer) {
  const { nodes } = answer;
  const reports = nodes.map(node => node.report).filter(Boolean);
  const of = rates.take(nodes);
  const now = Date.now();
  published.add(now, sum([...of.values()].map(one => one.published)));
  delivered.add(now, sum([...of.values()].map(one => one.delivered)));
  roundTrip.add(now, reports.reduce((most, one) => one.roundTripMs > (most ?? 0) ? one.roundTripMs : most, null));
  for (const chart of charts) chart.draw();

  const ready = nodes.filter(node => node.state === 'ready').length;
  const counted = name => sum(reports.map(one => one.counts[name])) ?? 0;
  showNumbers([
    ['Nodes ready', `${ready} of ${nodes.length}`, ready < nodes.length ? 'warn' : ''],
    ['Connections', count(sum(nodes.map(node => node.connections)) ?? 0)],
    ['Redis', answer.redis ? 'answers' : 'away', answer.redis ? '' : 'bad'],
    ['Not published', count(counted('failed')), counted('failed') > 0 ? 'bad' : ''],
    ['Holes', count(counted('holes')), counted('holes') > 0 ? 'bad' : ''],
    ['Refused by limits', count(counted('refused'))],
    ['Closed as too slow', count(counted('slow')), counted('slow') > 0 ? 'warn' : ''],
  ]);
  rows.show(nodes, of);
  showTopics(answer.topics);
  showCloses(answer.closes, answer.closeMinutes);
  showWaiting(answer.waiting);
  say(`live, as ${answer.node} sees it`, 'good');
  [$('board').hidden, $('sign-in').hidden, $('sign-out').hidden] = [false, true, !hasKey()];
}

function say(text, className) {
  if ($('state').textContent !== text) $('state').textContent = text; // else a screen reader would repeat it
  $('state').className = `state ${className}`;
  document.body.classList.toggle('stale', className === 'bad');
}

async function look() {
  clearTimeout(timer);
  if (asking) return;
  asking = true;
  try {
    if (document.visibilityState === 'visible') show(await report());
  } catch (error) {
    if (error instanceof Refused) {
      askForKey(error.message);
      return;
    }

    say(error instanceof NotDone ? error.message : 'The cluster cannot be reached; retrying.', 'bad');
  } finally {
    asking = false;
  }

  timer = setTimeout(look, Interval);
}

function askForKey(why) {
  forgetKey();
  say('not signed in', '');
  $('sign-in-error').textContent = why;
  [$('board').hidden, $('sign-in').hidden, $('sign-out').hidden] = [true, false, true];
  $('key').focus();
}

function askToDrain(node) {
  $('drain-node').textContent = node.id;
  $('drain-clients').textContent = count(node.connections);
  $('drain-error').textContent = '';
  $('drain').dataset.node = node.id;
  $('drain').showModal();
}

$('drain-no').addEventListener('click', () => $('drain').close());
$('drain-yes').addEventListener('click', async () => {
  $('drain-yes').disabled = true;
  try {
    await drain($('drain').dataset.node);
    $('drain').close();
    look();
  } catch (error) {
    $('drain-error').textContent = error.message || 'That is not allowed.';
  } finally {
    $('drain-yes').disabled = false;
  }
});

$('sign-in').addEventListener('submit', event => {
  event.preventDefault();
  keepKey($('key').value);
  $('key').value = '';
  look();
});
$('sign-out').addEventListener('click', () => {
  clearTimeout(timer);
  askForKey('');
});
document.addEventListener('visibilitychange', look);
look();
