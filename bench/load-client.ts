/** A process that asks one server as fast as it answers, over as many connections as it is told, and prints what it saw. */
import { Agent, request } from 'node:http';
import { quantile } from './measure.js';

/** What is asked, and for how long. */
export interface LoadOrder {
  url: string;
  connections: number;
  seconds: number;
  headers?: Record<string, string>;
  /** Posted, where there is one. */
  body?: string;
}

/** What was seen; times in milliseconds. */
export interface LoadSeen {
  /** How many were answered as they should be. */
  requests: number;
  perSecond: number;
  p50: number;
  p95: number;
  p99: number;
  /** Answers with another status than 200 or 304, and requests that failed. */
  failures: number;
}

const order = JSON.parse(process.argv[2] ?? '') as LoadOrder;
const agent = new Agent({ keepAlive: true, maxSockets: order.connections });
const times: number[] = [];
let failures = 0;
const end = performance.now() + order.seconds * 1000;

function ask(): Promise<void> {
  return new Promise((resolve) => {
    const start = performance.now();
    const failed = () => {
      failures += 1;
      resolve();
    };
    const sent = request(
      order.url,
      { agent, method: order.body ? 'POST' : 'GET', headers: order.headers ?? {} },
      (response) => {
        const isFine = response.statusCode === 200 || response.statusCode === 304;
        response.on('error', failed);
        response.on('end', () => {
          if (!isFine) return failed();
          times.push(performance.now() - start);
          resolve();
        });
        response.resume();
      },
    );
    sent.on('error', failed);
    sent.end(order.body);
  });
}

async function client(): Promise<void> {
  while (performance.now() < end) await ask();
}

const since = performance.now();
await Promise.all(Array.from({ length: order.connections }, client));
const seen: LoadSeen = {
  requests: times.length,
  perSecond: times.length / ((performance.now() - since) / 1000),
  p50: quantile(times, 0.5),
  p95: quantile(times, 0.95),
  p99: quantile(times, 0.99),
  failures,
};
agent.destroy();
console.log(JSON.stringify(seen));
