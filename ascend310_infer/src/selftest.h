// Does the export compute here what it computed where it was made?
#pragma once

#include <map>
#include <string>

#include "manifest.h"
#include "network.h"
#include "npz.h"

namespace mindframes {

using Arrays = std::map<std::string, Array>;

// Writes input_0, input_1, ... of golden arrays to the network's inputs.
// Throws a Failure (kWeights) when one is missing or has another shape than the manifest says.
void fill_inputs(Network* network, const Manifest& manifest, const Arrays& golden);

// Returns the largest |difference| between what the network returns for the golden inputs and output_0, output_1, ...;
// infinity where one of the two is not a number. Throws as fill_inputs does.
double largest_difference(Network* network, const Manifest& manifest, const Arrays& golden);

}  // namespace mindframes
