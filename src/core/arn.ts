// Amazon Resource Names as far as the broker handles them: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html

const PARTITION = 'aws[a-z-]*';
const NAME = '[\\w+=,.@-]';

/** An IAM role with its path, e.g. `arn:aws:iam::111122223333:role/team/deploy`. */
export const IAM_ROLE_ARN_PATTERN = `^arn:${PARTITION}:iam::[0-9]{12}:role/(?:[!-.0-~]+/)*${NAME}{1,64}$`;
export const SAML_PROVIDER_ARN_PATTERN = `^arn:${PARTITION}:iam::[0-9]{12}:saml-provider/${NAME}{1,128}$`;
/** A customer managed (12 digits) or AWS managed (`aws`) policy. */
export const POLICY_ARN_PATTERN = `^arn:${PARTITION}:iam::(?:[0-9]{12}|aws):policy/(?:[!-.0-~]+/)*${NAME}{1,128}$`;
