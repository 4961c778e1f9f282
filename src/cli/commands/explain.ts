// `sallyport explain`: why somebody is given or refused a role under a config, without a broker: the claims are pasted,
// or an audit record says who asked.
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { RoleExplanation } from '../../authz/explain/explain.js';
import type { AuditRecord } from '../../core/audit-record.js';
import { isJsonObject, parseJson } from '../../core/json.js';
import { parseInstant } from '../../core/time.js';
import type { Claims } from '../../core/types.js';
import { explanationText } from '../output/explanation-text.js';
import { out, printConfigErrors } from '../output/print.js';
import { readStdin } from '../proof/stdin.js';

interface Options {
  readonly config: string;
  readonly claims?: string;
  readonly issuer?: string;
  readonly subject?: string;
  readonly role?: string;
  readonly sourceAddress?: string;
  readonly now?: string;
  readonly requestId?: string;
  readonly audit?: string;
  readonly json?: boolean;
}

export function registerExplain(program: Command): void {
  program
    .command('explain')
    .description('show rule by rule why a principal is given or refused a role')
    .requiredOption('-c, --config <file>', 'the config file (YAML)')
    .option('--claims <file>', 'the claims as a JSON object; - for stdin')
    .option('--issuer <name>', "the issuer's name in the config (default: by the claim iss, or the only one)")
    .option('--subject <subject>', 'default: the claim sub, or NameID')
    .option('--role <name>', 'the role (default: every role)')
    .option('--source-address <address>', 'where the request comes from (default: 127.0.0.1)')
    .option(
      '--now <time>',
      'when, e.g. 2026-11-21T12:00:00Z (default: now, or when the recorded request was made)',
    )
    .option('--request-id <id>', 'who asked, when and from where, by the audit log, which keeps no claims')
    .option('--audit <file>', "where to look for it (default: the config's audit files)")
    .option('--json', 'print JSON')
    .action(async (options: Options, command: Command) => {
      if (options.requestId === undefined && options.claims === undefined) {
        command.error('error: write --claims, or --request-id');
      }
      const { readConfig } = await import('../read-config.js');
      const read = await readConfig(options.config, { issuers: false });
      if (!read.ok) {
        printConfigErrors(read.errors, 'Nothing was explained.');
        process.exitCode = 1;
        return;
      }
      const record = await readRecord(options, read.config);
      const { explanations, ...about } = await explainAll(options, read, record);
      out(
        options.json
          ? JSON.stringify({ ...about, record, roles: explanations }, undefined, 2)
          : [...introduction(about, record), ...explanations.map(explanationText)].join('\n'),
      );
      if (options.role !== undefined && !explanations.some(({ decision }) => decision)) process.exitCode = 1;
    });
}

type Read = Extract<Awaited<ReturnType<typeof import('../read-config.js').readConfig>>, { ok: true }>;

async function readRecord(
  { requestId, audit }: Options,
  config: Read['config'],
): Promise<AuditRecord | undefined> {
  if (requestId === undefined) return undefined;
  const { AuditLogReader } = await import('../../audit/query/audit-log-reader.js');
  const { auditFiles } = await import('../../audit/sinks/open-sinks.js');
  const record = await new AuditLogReader(audit === undefined ? auditFiles(config) : [audit]).findRecord(
    requestId,
  );
  if (!record) throw new Error('The audit log has no record of this request. Name its file with --audit.');
  return record;
}

async function explainAll(options: Options, { policy, config }: Read, record: AuditRecord | undefined) {
  const { simulatePrincipal } = await import('../../authz/explain/simulated-principal.js');
  const { explainAllRoles: explainEvery, explainByName: explainNamed } = await import(
    '../../authz/explain/explain.js'
  );
  const claims = options.claims === undefined ? undefined : await readClaims(options.claims);
  const issuer = options.issuer ?? record?.Principal?.Issuer ?? (claims && issuerOf(config, claims));
  const subject = options.subject ?? record?.Principal?.Subject;
  if (issuer === undefined) throw new Error(refusedProof(record));
  const at = options.now ?? record?.Time;
  const now = at === undefined ? new Date() : timeOf(at);
  const described = { issuer, ...(subject !== undefined && { subject }), ...(claims && { claims }) };
  const principal = simulatePrincipal(policy, described, now);
  if (!principal) throw new Error('No issuer of the config has this name. Correct --issuer.');
  const sourceAddress = options.sourceAddress ?? record?.SourceAddress ?? '127.0.0.1';
  const role = options.role ?? record?.Role;
  const question = { sourceAddress, claimsKnown: !!claims };
  const explanations: readonly RoleExplanation[] =
    role === undefined
      ? [...explainEvery(policy, principal, question, now)]
      : explainNamed(policy, principal, { ...question, role }, now);
  return {
    issuer,
    subject: principal.subject,
    sourceAddress,
    now: now.toISOString(),
    claimsKnown: !!claims,
    explanations,
  };
}

function timeOf(text: string): Date {
  const time = parseInstant(text);
  if (!time) throw new Error('There is no such time. Write --now as 2026-11-21T12:00:00Z.');
  return time;
}

/** The issuer that sends these claims: by `iss`, or the only one there is. */
function issuerOf({ issuers }: Read['config'], { iss }: Claims): string {
  const names = Object.keys(issuers);
  const byName = names.filter((name) => {
    const issuer = issuers[name];
    return issuer?.type === 'oidc' && issuer.issuer !== undefined && issuer.issuer === iss;
  });
  const [only, ...others] = byName.length > 0 ? byName : names;
  if (only === undefined || others.length > 0)
    throw new Error(`Several issuers could send these claims. Name one with --issuer: ${names.join(', ')}.`);
  return only;
}

const refusedProof = (record: AuditRecord | undefined) =>
  `The proof of this request was refused (${record?.Error?.Reason ?? 'no reason recorded'}), so no grant was asked.`;

async function readClaims(path: string): Promise<Claims> {
  const text = path === '-' ? await readStdin() : await readFile(path, 'utf8');
  const claims = parseJson(text);
  if (!isJsonObject(claims))
    throw new Error('The claims are not a JSON object. Write one, e.g. {"sub":"jane"}.');
  return claims;
}

function introduction(
  about: {
    readonly issuer: string;
    readonly subject: string;
    readonly sourceAddress: string;
    readonly now: string;
    readonly claimsKnown: boolean;
  },
  record: AuditRecord | undefined,
): readonly string[] {
  const outcome = record?.Error
    ? `${record.Event} (${record.Error.Code}, ${record.Error.Reason})`
    : record?.Event;
  return [
    `${about.issuer} ${about.subject} from ${about.sourceAddress} at ${about.now}`,
    ...(record ? [`by the audit log: ${outcome} at ${record.Time}`] : []),
    ...(about.claimsKnown
      ? []
      : ['The audit log keeps no claims: add --claims to know what depends on them.']),
  ];
}
