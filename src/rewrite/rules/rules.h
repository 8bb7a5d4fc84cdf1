// The books of rules. A rules file holds equations, each with its law or its reason beside it, and rules in code where
// a parameter must be computed; the order within a book matters only where a comment says so.
#pragma once
#include "rewrite/rule.h"

namespace croton::rewrite {

/// Whether every axis has extent 1 for good: one number.
bool is_of_one(const Tensor&);

/// The axes of a fold's operand that are not folded, in order.
std::vector<Index> axes_left(const Tensor& fold);
/// Of a fold of a fold: the axes of both, of what the inner one folds.
std::vector<Index> axes_of_both(const Tensor& outer, const Tensor& inner);

/// One spelling for each value, exact but for the sign of zero and the last bit of a power.
const RuleBook& canonical_rules();
/// Views, conversions and folds that do nothing or can be one. Part of the canonical pass.
RuleBook structural_rules();
/// What is done to the elements that a mask selects, without a list of them. Part of the canonical pass.
RuleBook selection_rules();
/// Parts of what was written. Part of the canonical pass.
RuleBook writing_rules();
/// The same value where the left side would overflow, cancel or become NaN. Every mode, and before every gradient.
const RuleBook& stabilizing_rules();
/// Faster spellings, once composites are gone.
const RuleBook& specializing_rules();
/// Laws of real numbers that hide NaN and infinity: only with optimizer_unsafe.
const RuleBook& unsafe_rules();

}  // namespace croton::rewrite
