import t from 'tap';
import { parseConfig } from '../../src/config/load.js';

const SOUND = `
server: { url: https://sallyport.corp.example }
aws: { region: eu-west-1 }
issuers: {}
roles: {}
grants: []
`;
const parse = (section: string) => parseConfig(SOUND + section, '/etc/sallyport/sallyport.yaml', { PW: 's' });

t.test('parseConfig accepts every type of store, and limits', async (t) => {
  const sound: [section: string, found: object][] = [
    ['store: { type: memory }', { type: 'memory' }],
    [
      'store: { type: redis, url: "rediss://r.corp.example:6380", password: "${env:PW}", tls: { ca: ./ca.pem }, minReplicas: 1 }',
      { password: 's', tls: { ca: '/etc/sallyport/ca.pem' }, minReplicas: 1 },
    ],
    ['store: { type: redis-sentinel, master: m, sentinels: ["redis://[::1]:26379"] }', { master: 'm' }],
    [
      'store: { type: redis-cluster, nodes: ["redis://a", "redis://b"], keyPrefix: "a:" }',
      { keyPrefix: 'a:' },
    ],
  ];
  for (const [section, found] of sound) t.match(parse(section).loaded?.config.store, found, section);
  t.same(parse('limits: { perPrincipal: { requests: 10, per: 10s } }').loaded?.config.limits, {
    perPrincipal: { requests: 10, per: '10s' },
  });
});

t.test('an invalid store or limit is an error with line and column', async (t) => {
  const faulty: [section: string, column: number, message: RegExp][] = [
    ['store: { type: rediss }', 10, /memory, redis, redis-sentinel, redis-cluster/],
    ['store: { type: redis, url: "redis://user:planted@r" }', 23, /redis:\/\/host:port/],
    ['store: { type: redis-cluster, nodes: ["redis://a"], minReplicas: 1 }', 53, /Unknown key "minReplicas"/],
    ['store: { type: redis, url: "redis://a", keyPrefix: "{a}" }', 41, /prefix of every key/],
    ['limits: { perAddress: { requests: 0, per: 1m } }', 25, /at least 1\./],
  ];
  for (const [section, column, message] of faulty) {
    const { errors } = parse(section);
    t.match(errors, [{ line: 7, column, message }], section);
    t.equal(errors.length, 1);
    t.notMatch(errors[0]?.message, 'planted', 'no password is repeated');
  }
});
