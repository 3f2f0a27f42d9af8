// Health checks of containers: exits 0 when a URL answers 2xx.
//   node tools/healthy.mjs https://127.0.0.1:6443/readyz
//   node tools/healthy.mjs                                   where the process of this image says how it is, unless flags have moved it
import { request as http } from 'node:http';
import { request as https } from 'node:https';

/** By image; what commands of the others do ends by itself. */
const own = {
  apiserver: 'https://127.0.0.1:6443/readyz', scheduler: 'https://127.0.0.1:10259/healthz', 'controller-manager': 'https://127.0.0.1:10257/healthz',
  dns: 'http://127.0.0.1:10054/readyz', 'metrics-server': 'http://127.0.0.1:10262/readyz', ingress: 'http://127.0.0.1:10263/readyz',
  proxy: 'http://127.0.0.1:10256/healthz', 'network-agent': 'http://127.0.0.1:10258/healthz',
};
const url = process.argv[2] ?? own[process.env.APP];
if (url === undefined) process.exit(0);
const request = url.startsWith('https:') ? https : http;
// It is this container's own server, on loopback: what is asked is whether it is well, not who it is.
request(url, { rejectUnauthorized: false, timeout: 4_000 }, (response) => {
  response.resume();
  if (response.statusCode >= 200 && response.statusCode < 300) process.exit(0);
  console.error(`${url} answers ${response.statusCode}`);
  process.exit(1);
})
  .on('timeout', () => process.exit(1))
  .on('error', (error) => {
    console.error(error.message);
    process.exit(1);
  })
  .end();
