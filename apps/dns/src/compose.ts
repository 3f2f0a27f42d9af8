import { readFileSync } from 'node:fs';
import { clusterConnection, KeptObjects } from '@navarch/client';
import type { Component, ProcessContext } from '@navarch/component-base';
import { AnswerCache } from './answer-cache';
import { ClusterRecords } from './cluster-records';
import { InformerView } from './cluster-view';
import type { flags } from './config';
import { DnsMetrics } from './dns-metrics';
import { DnsServer } from './dns-server';
import { dnsObjects } from './dns-service';
import { Forwarder } from './forwarder';
import { nameservers } from './nameservers';
import { Resolver } from './resolver';
import { parseStubDomains, parseUpstream, Upstreams } from './upstreams';

const ttlSeconds = 30;
const negativeTtlSeconds = 5;

/** Builds the process's components, in the order in which they start. */
export function compose(context: ProcessContext<typeof flags>): Component[] {
  const { config, clock, log, registry, health, signal } = context;
  const connection = clusterConnection(config, context);
  const ownAddresses = [config.bindAddress, config.clusterIp];
  const servers = config.upstream.length > 0 ? config.upstream : nameservers(readFileSync(config.resolvConf, 'utf8'), ownAddresses);
  const upstreams = new Upstreams(servers.map(parseUpstream), parseStubDomains(config.stubDomains), clock);
  const metrics = new DnsMetrics(registry);
  const view = new InformerView(connection.informers, { clock, onProgrammed: (took) => metrics.programmed(took) });
  const cache = new AnswerCache({ size: config.cacheSize, maxTtlSeconds: 3_600, maxNegativeTtlSeconds: 1_800 }, clock, (type) => metrics.evicted(type));
  metrics.watchCache(registry, () => cache.entries);
  const forwarder = new Forwarder({ timeoutMs: 2_000 }, { upstreams, cache, metrics });
  const records = new ClusterRecords({ domain: config.clusterDomain, ttlSeconds, serverAddress: config.clusterIp }, view);
  const resolver = new Resolver({ negativeTtlSeconds }, { records, forwarder });
  const server = new DnsServer(
    { address: config.bindAddress, port: config.port },
    { resolver, metrics, log, random: Math.random, version: () => view.version },
  );
  const objects = dnsObjects({ clusterIp: config.clusterIp, address: config.advertiseAddress, port: config.port });
  const service = new KeptObjects(objects, { client: connection.client, clock, log });
  health.addReady('kube-dns-service', () => {
    if (!service.ready) throw new Error('the Service kube-dns is not registered yet');
  });
  // Answering "no such name" before the cluster is known would be remembered by clients.
  const known = { name: 'cluster-view', start: () => view.waitForSync(signal), stop: () => Promise.resolve() };
  return [connection, known, server, service];
}
