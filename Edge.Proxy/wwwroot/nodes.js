// The cluster as a strip: GET /api/nodes every two seconds, which is how often nodes report.
const Interval = 2_000;
const GoneFor = 8_000; // a node that left stays visible for a moment, struck through

// W3C trace context of a trace that is not sampled: looking at the cluster every two seconds is not worth a trace each time.
function untraced() {
  const id = bytes => Array.from(crypto.getRandomValues(new Uint8Array(bytes)), byte => byte.toString(16).padStart(2, '0')).join('');
  return { traceparent: `00-${id(16)}-${id(8)}-00` };
}

export function showNodes(strip) {
  const shown = new Map(); // id -> { item, goneAt }

  async function refresh() {
    if (document.visibilityState === 'visible') {
      try {
        const answer = await fetch('/api/nodes', { signal: AbortSignal.timeout(5_000), cache: 'no-store', headers: untraced() });
        if (answer.status === 401 || answer.status === 403) {
          strip.hidden = true; // outside Development the list is not for everybody
          return;
        }

        if (!answer.ok) throw new Error(answer.status);
        show(await answer.json());
      } catch {
        strip.replaceChildren(note('The cluster cannot be reached; trying on.'));
        shown.clear();
      }
    }

    setTimeout(refresh, Interval);
  }

  function show(nodes) {
    strip.querySelector('.none')?.remove();
    const now = Date.now();
    for (const [id, node] of shown) {
      if (nodes.some(alive => alive.id === id)) continue;
      node.goneAt ||= now;
      node.item.className = 'node gone';
      node.item.title = 'This node is gone.';
      if (now - node.goneAt > GoneFor) {
        node.item.remove();
        shown.delete(id);
      }
    }

    for (const { id, address, state, connections, startedAt } of nodes) {
      const node = shown.get(id) ?? { item: strip.appendChild(document.createElement('li')) };
      shown.set(id, node);
      node.goneAt = 0;
      node.item.className = `node ${state}`;
      node.item.title = `${address}, ${state}, since ${new Date(startedAt).toLocaleTimeString()}`;
      const dot = document.createElement('span');
      dot.className = 'dot';
      const name = document.createElement('b');
      name.textContent = id;
      node.item.replaceChildren(dot, name, `${connections} ${connections === 1 ? 'connection' : 'connections'}${state === 'ready' ? '' : `, ${state}`}`);
    }
  }

  refresh();
}

function note(text) {
  const item = document.createElement('li');
  item.className = 'none';
  item.textContent = text;
  return item;
}
