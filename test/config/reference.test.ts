// The generated files: the JSON Schema for editors and the tables of the config reference.
import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import t from 'tap';
import { parse } from 'yaml';
import { renderConfigurationReference } from '../../src/config/docs/generate-reference.js';
import { renderJsonSchema } from '../../src/config/docs/json-schema.js';
import { fromRoot } from '../support/paths.js';

const read = (path: string) => readFileSync(fromRoot(path), 'utf8');

t.test('JSON Schema and config reference are up to date with npm run docs', (t) => {
  t.equal(read('schema/sallyport.schema.json'), renderJsonSchema());
  const page = read('docs/configuration.md');
  t.equal(page, renderConfigurationReference(page));
  t.end();
});

t.test('the config reference explains every lint code', (t) => {
  const codes: readonly string[] = JSON.parse(renderJsonSchema()).properties.lint.properties.ignore.items
    .properties.code.enum;
  const [, section = ''] = /\n## lint\n(.*?)\n## /s.exec(read('docs/configuration.md')) ?? [];
  const heads = section.split('\n').filter((line) => /^\| `(?!ignore[`[])/.test(line));
  const explained = heads.flatMap((line) =>
    [...(line.split('|')[1] ?? '').matchAll(/`([a-z-]+)`/g)].map(([, code]) => code),
  );
  t.same(explained.sort(), [...codes].filter(Boolean).sort());
  t.end();
});

t.test('a table lists each key with its path, whether it is required, and its description', (t) => {
  const table = (name: string) => renderConfigurationReference(`<!-- keys: ${name} -->\nold\n<!-- end -->`);
  t.notMatch(table('server'), /old/);
  t.match(table('server'), /\| `url` \| yes \| Public base URL/);
  t.match(table('server'), /\| `listen\.port` \| {2}\| TCP port/);
  t.match(table('issuers.oidc'), /`github-actions`, `gitlab`/);
  t.notMatch(table('issuers.oidc'), /`type`/);
  t.match(
    table('roles'),
    /\| `session\.tags` \| `AssumeRole`, `AssumeRoleWithWebIdentity`, `GetFederationToken` \|/,
  );
  t.match(table('roles'), /\| `session\.duration` \| all \| Lifetime[^|]*that is shorter\. \|/);
  t.match(table('tests'), /\| `session\.NAME\.durationSeconds` \|/);
  t.match(table('audit'), /\| `sinks\[\]\.type` \| yes \| `stdout`\. `file`\. \|/);
  t.match(table('rolesFrom'), /\| `roleArns` \| all, required \| Patterns/);
  t.match(table('rolesFrom'), /\| `session\.name` \| `AssumeRoleWithWebIdentity` \|/);
  t.match(table('grants.between'), /\| `timeZone` \| yes \|/);
  t.throws(() => table('nothing'), /no nothing/);
  t.throws(() => table('grants.betwixt'), /no grants\.betwixt/);
  t.throws(() => table('issuers.ldap'), /no issuers\.ldap/);
  t.end();
});

t.test('the JSON Schema accepts the shipped configs and rejects invalid ones', (t) => {
  const validate = new Ajv2020({ strict: false, discriminator: true }).compile(
    JSON.parse(renderJsonSchema()),
  );
  const files = ['deploy/sallyport.yaml', ...readdirSync('examples').map((name) => `examples/${name}`)];
  for (const file of files.filter((name) => name.endsWith('.yaml'))) {
    const text = read(file);
    const folder = file.split('/')[0];
    t.match(text, /^# yaml-language-server: \$schema=\.\.\/schema\/sallyport\.schema\.json\n/, file);
    t.ok(validate(parse(text)), `${folder}: ${JSON.stringify(validate.errors)}`);
  }
  const config = parse(read('deploy/sallyport.yaml'));
  t.ok(validate({ ...config, aws: { region: '${env:AWS_REGION}' } }), 'a reference instead of a value');
  t.notOk(validate({ ...config, aws: { region: 'Ireland' } }));
  t.notOk(validate({ ...config, grant: [] }));
  t.end();
});
