// node compare.mjs REPS results.jsonl prints the table of compare.sh in Markdown: medians of the last REPS runs of each peer and workload.
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

const [reps, file] = [Number(process.argv[2]), process.argv[3]];
const runs = new Map();
for (const line of readFileSync(file, 'utf8').split('\n').filter(line => line.startsWith('{'))) {
    const run = JSON.parse(line);
    const [peer, workload] = run.label.split('/');
    if (/-(edge|nginx)$/.test(peer) && !run.procs.some(process => process.name.startsWith('proxy'))) {
        console.error(`${run.label} is left out: it did not go through a proxy. See its log.`);
        continue;
    }

    runs.set(peer, runs.get(peer) ?? {});
    (runs.get(peer)[workload] ??= []).push(run);
}

const median = values => {
    const sorted = [...values].sort((a, b) => a - b), middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
const digits = number => !Number.isFinite(number) ? '–' : number >= 1000 ? Math.round(number).toLocaleString('en') : number >= 100 ? number.toFixed(0) : number >= 10 ? number.toFixed(1) : number.toFixed(2);
const ms = us => digits(us / 1000);

function row(peer, workloads) {
    const last = pattern => Object.entries(workloads).filter(([name]) => pattern.test(name)).flatMap(([, all]) => all.slice(-reps));
    const of = (pattern, value) => { const all = last(pattern); return all.length ? median(all.map(value)) : NaN; };
    const cost = pattern => digits(of(pattern, run => run.cpu_us_per));
    const delays = pattern => last(pattern).length ? `${ms(of(pattern, run => run.lat_us.p50))}, ${ms(of(pattern, run => run.lat_us.p99))}` : '–';
    const loads = last(/^[FMO]/);
    const faults = loads.reduce((sum, run) => [sum[0] + run.lost, sum[1] + run.dup, sum[2] + run.reordered + run.rooms_diverging], [0, 0, 0]);
    const nodesOf = run => run.procs.filter(process => process.name !== 'redis');
    const kept = run => nodesOf(run).reduce((sum, process) => sum + process.rss_kb - process.rss_start_kb, 0) / run.ready;
    return [peer, cost(/^F/), delays(/^F/), cost(/^M/), delays(/^M/), cost(/^O/), delays(/^O/),
        digits(of(/^S/, run => run.connects_per_s)), digits(of(/^S/, run => run.cpu_us_per)), digits(of(/^I/, kept)), digits(of(/^I/, run => run.cpu_cores)),
        loads.length ? faults.join(', ') : '–', digits(Math.max(...Object.values(workloads).flatMap(all => all.slice(-reps)).map(run => run.other_cores)))];
}

const head = ['', 'F100: µs', 'ms (50, 99 %)', 'M2000: µs', 'ms', 'O5000: µs', 'ms', 'connects/s', 'µs each', 'KiB idle', 'cores idle', 'lost, doubled, out of order', 'others’ cores'];
const table = [head, head.map((_, i) => (i ? '---:' : '---')), ...[...runs].map(([peer, workloads]) => row(peer, workloads))];
console.log(`${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpus()[0].model.trim()}); medians of ${reps}\n`);
for (const cells of table) console.log(`| ${cells.join(' | ')} |`);
