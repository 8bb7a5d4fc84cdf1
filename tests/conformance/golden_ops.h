// The operations of the golden cases, by NumPy's or SciPy's name, written as a user of Croton would.
#pragma once
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "croton/tensor.h"

namespace golden {

/// The outputs of an operation on a case's inputs and attributes.
using Build =
    std::function<std::vector<croton::Tensor>(const std::vector<croton::Tensor>& in, const nlohmann::json& attrs)>;

using Table = std::map<std::string, Build>;

/// Those that Croton has.
const Table& operations();

/// Parts of the table that have files of their own: order and running folds; what arranges, joins and multiplies;
/// matrices; convolutions and pooling; Fourier transforms.
void add_order(Table&);
void add_arranging(Table&);
void add_linalg(Table&);
void add_windows(Table&);
void add_fourier(Table&);

}  // namespace golden
