// IAM policy documents: the grammar of https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
// read into a strict form, in which every element that can be a value or a list is a list.
import type { Reader } from '../reader.js';
import { isOperator } from './operators.js';

type PrincipalType = 'AWS' | 'Federated' | 'Service' | 'CanonicalUser';
export type Principals = Readonly<Partial<Record<PrincipalType, readonly string[]>>>;

/** One operator applied to one condition key, e.g. `StringEquals` `sts:ExternalId` with its permitted values. */
export interface Condition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

export interface Statement {
  readonly sid?: string;
  readonly effect: 'Allow' | 'Deny';
  readonly principals?: Principals;
  readonly notPrincipals?: Principals;
  readonly actions?: readonly string[];
  readonly notActions?: readonly string[];
  readonly resources?: readonly string[];
  readonly notResources?: readonly string[];
  readonly conditions: readonly Condition[];
}

export interface PolicyDocument {
  /** Policy variables such as `${aws:username}` work in `2012-10-17` only. */
  readonly version: '2008-10-17' | '2012-10-17';
  readonly statements: readonly Statement[];
}

/** A trust policy has Principal and no Resource. Identity and session policies have Resource and no Principal. */
export type PolicyKind = 'trust' | 'identity';

const PRINCIPAL_TYPES: readonly PrincipalType[] = ['AWS', 'Federated', 'Service', 'CanonicalUser'];
const TRUST_ELEMENTS = ['Principal', 'NotPrincipal'];
const IDENTITY_ELEMENTS = ['Resource', 'NotResource'];

/** Reads a policy document. Errors are added to the reader. */
export function readPolicy(reader: Reader, kind: PolicyKind): PolicyDocument {
  reader.onlyKeys(['Version', 'Id', 'Statement']);
  const version = reader.optional('Version')?.oneOf(['2008-10-17', '2012-10-17'] as const);
  const statements = reader.required('Statement').oneOrMore((statement) => readStatement(statement, kind));
  return { version: version ?? '2008-10-17', statements };
}

function readStatement(reader: Reader, kind: PolicyKind): Statement {
  const subjectElements = kind === 'trust' ? TRUST_ELEMENTS : IDENTITY_ELEMENTS;
  reader.onlyKeys(['Sid', 'Effect', 'Action', 'NotAction', 'Condition', ...subjectElements]);
  reader.exactlyOneOf('Action', 'NotAction');
  reader.exactlyOneOf(...subjectElements);
  const texts = (key: string) => reader.optional(key)?.oneOrMore((item) => item.text());
  const sid = reader.optional('Sid')?.text();
  const principals = reader.optional('Principal');
  const notPrincipals = reader.optional('NotPrincipal');
  const actions = texts('Action');
  const notActions = texts('NotAction');
  const resources = texts('Resource');
  const notResources = texts('NotResource');
  return {
    ...(sid !== undefined && { sid }),
    effect: reader.required('Effect').oneOf(['Allow', 'Deny'] as const),
    ...(principals && { principals: readPrincipals(principals) }),
    ...(notPrincipals && { notPrincipals: readPrincipals(notPrincipals) }),
    ...(actions && { actions }),
    ...(notActions && { notActions }),
    ...(resources && { resources }),
    ...(notResources && { notResources }),
    conditions: reader.optional('Condition')?.entries().flatMap(readOperator) ?? [],
  };
}

function readPrincipals(reader: Reader): Principals {
  if (reader.value === '*') return { AWS: ['*'] };
  reader.onlyKeys(PRINCIPAL_TYPES);
  return Object.fromEntries(
    reader.entries().map(([type, names]) => [type, names.oneOrMore((name) => name.text())]),
  );
}

function readOperator([operator, keys]: readonly [string, Reader]): Condition[] {
  if (!isOperator(operator)) keys.addError(`Unknown condition operator ${operator}.`);
  return keys.entries().map(([key, values]) => ({
    operator,
    key,
    values: values.oneOrMore((value) => value.scalar()),
  }));
}
