// `sallyport explain`: shows why a principal is permitted or denied a role under a config, without a broker. The
// principal is described by options, or by the audit record of a request.
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { RoleExplanation } from '../../authz/explain/explain.js';
import type { AuditRecord } from '../../core/audit-record.js';
import { isJsonObject, parseJson } from '../../core/json.js';
import { omitUndefined } from '../../core/omit-undefined.js';
import { parseInstant } from '../../core/time.js';
import type { Claims } from '../../core/types.js';
import type { CompiledConfig } from '../compile-config.js';
import { CONFIG_DESCRIPTION, CONFIG_FLAGS } from '../options/shared-options.js';
import { configErrorText } from '../output/errors.js';
import { explanationText } from '../output/explanation-text.js';
import type { Terminal } from '../terminal.js';

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

type ValidConfig = Extract<CompiledConfig, { ok: true }>;

/** What the explanations are about. */
interface Context {
  readonly issuer: string;
  readonly subject: string;
  readonly sourceAddress: string;
  readonly now: string;
  readonly claimsKnown: boolean;
}

export function registerExplain(program: Command, terminal: Terminal): void {
  program
    .command('explain')
    .description('show, grant by grant, why a principal is permitted or denied a role')
    .requiredOption(CONFIG_FLAGS, CONFIG_DESCRIPTION)
    .option('--claims <file>', 'file with the claims as a JSON object; - for stdin')
    .option(
      '--issuer <name>',
      'name of the issuer in the config (default: the issuer in the claim iss, or the only issuer)',
    )
    .option('--subject <subject>', 'subject of the principal (default: the claim sub, or NameID)')
    .option('--role <name>', 'role to explain (default: all roles)')
    .option('--source-address <address>', 'source address of the request (default: 127.0.0.1)')
    .option(
      '--now <time>',
      'time of the request, such as 2026-11-21T12:00:00Z (default: now, or the time of the audit record)',
    )
    .option(
      '--request-id <id>',
      'explain a request in the audit log: use its issuer, subject, role, time, and source address; audit records contain no claims',
    )
    .option('--audit <file>', 'audit log to search (default: the audit files in the config)')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample: sallyport explain -c sallyport.yaml --claims claims.json --role deploy')
    .action(async (options: Options, command: Command) => {
      if (options.requestId === undefined && options.claims === undefined)
        command.error('error: specify --claims or --request-id');
      await explain(options, terminal);
    });
}

async function explain(options: Options, terminal: Terminal): Promise<void> {
  const { compileConfig } = await import('../compile-config.js');
  const compiled = await compileConfig(options.config, terminal.env, { issuers: false });
  if (!compiled.ok) {
    terminal.printError(configErrorText(compiled.errors, 'Nothing was explained.'));
    terminal.setExitCode(1);
    return;
  }
  const record = await findRecord(options, compiled.config);
  const claims = options.claims === undefined ? undefined : await readClaims(options.claims, terminal);
  const { explanations, ...context } = await explainRoles(options, compiled, claims, record);
  terminal.print(
    options.json
      ? JSON.stringify({ ...context, record, roles: explanations }, undefined, 2)
      : [
          ...contextLines(context, record),
          ...explanations.map((explanation) => explanationText(explanation, terminal.style)),
        ].join('\n'),
  );
  if (options.role !== undefined && !explanations.some(({ decision }) => decision)) terminal.setExitCode(1);
}

async function findRecord(
  { requestId, audit }: Options,
  config: ValidConfig['config'],
): Promise<AuditRecord | undefined> {
  if (requestId === undefined) return undefined;
  const { AuditLogReader } = await import('../../audit/query/audit-log-reader.js');
  const { auditFiles } = await import('../../audit/sinks/open-sinks.js');
  const reader = new AuditLogReader(audit === undefined ? auditFiles(config) : [audit]);
  const record = await reader.findRecord(requestId);
  if (!record)
    throw new Error('The audit log contains no record of this request. Specify another file with --audit.');
  return record;
}

async function explainRoles(
  options: Options,
  { policy, config }: ValidConfig,
  claims: Claims | undefined,
  record: AuditRecord | undefined,
): Promise<Context & { readonly explanations: readonly RoleExplanation[] }> {
  const { simulatePrincipal } = await import('../../authz/explain/simulated-principal.js');
  const { explainAllRoles, explainByName } = await import('../../authz/explain/explain.js');
  const issuer = options.issuer ?? record?.Principal?.Issuer ?? (claims && findIssuer(config, claims));
  const subject = options.subject ?? record?.Principal?.Subject;
  if (issuer === undefined)
    throw new Error(
      `The proof of this request was rejected (${record?.Error?.Reason ?? 'no reason recorded'}), so no grant was evaluated.`,
    );
  const time = options.now ?? record?.Time;
  const now = time === undefined ? new Date() : parseTime(time);
  const principal = simulatePrincipal(policy, { issuer, ...omitUndefined({ subject, claims }) }, now);
  if (!principal) throw new Error(`The config has no issuer "${issuer}". Correct --issuer.`);
  const sourceAddress = options.sourceAddress ?? record?.SourceAddress ?? '127.0.0.1';
  const role = options.role ?? record?.Role;
  const request = { sourceAddress, claimsKnown: !!claims };
  const explanations: readonly RoleExplanation[] =
    role === undefined
      ? [...explainAllRoles(policy, principal, request, now)]
      : explainByName(policy, principal, { ...request, role }, now);
  return {
    issuer,
    subject: principal.subject,
    sourceAddress,
    now: now.toISOString(),
    claimsKnown: !!claims,
    explanations,
  };
}

function parseTime(text: string): Date {
  const time = parseInstant(text);
  if (!time) throw new Error(`Invalid time "${text}". Specify --now as 2026-11-21T12:00:00Z.`);
  return time;
}

/** Returns the issuer with the URL in `iss`, or the only issuer. */
function findIssuer({ issuers }: ValidConfig['config'], { iss }: Claims): string {
  const names = Object.keys(issuers);
  const byUrl = names.filter((name) => {
    const issuer = issuers[name];
    return issuer?.type === 'oidc' && issuer.issuer !== undefined && issuer.issuer === iss;
  });
  const [only, ...others] = byUrl.length > 0 ? byUrl : names;
  if (only === undefined || others.length > 0)
    throw new Error(`Several issuers match these claims. Specify one with --issuer: ${names.join(', ')}.`);
  return only;
}

async function readClaims(path: string, terminal: Terminal): Promise<Claims> {
  const text = path === '-' ? await terminal.readStdin() : await readFile(path, 'utf8');
  const claims = parseJson(text);
  if (!isJsonObject(claims))
    throw new Error('The claims are not a JSON object. Specify an object such as {"sub":"jane"}.');
  return claims;
}

function contextLines(
  { issuer, subject, sourceAddress, now, claimsKnown }: Context,
  record: AuditRecord | undefined,
): readonly string[] {
  const outcome = record?.Error
    ? `${record.Event} (${record.Error.Code}, ${record.Error.Reason})`
    : record?.Event;
  return [
    `${issuer} ${subject} from ${sourceAddress} at ${now}`,
    ...(record ? [`audit record: ${outcome} at ${record.Time}`] : []),
    ...(claimsKnown
      ? []
      : ['Audit records contain no claims. Add --claims to evaluate conditions on claims.']),
  ];
}
