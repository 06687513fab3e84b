// SPDX-License-Identifier: Apache-2.0
// Compiled, never run: the core headers as device code. It includes every header of host/core (a
// test compares) and calls what the kernels will call, over every entry of every list, so that a
// function which is not there on the device, or not constexpr under nvcc, stops the compiler.
#include "core/activation.hpp"
#include "core/dropout.hpp"
#include "core/heads.hpp"
#include "core/init.hpp"
#include "core/input_shape.hpp"
#include "core/loss.hpp"
#include "core/lr_schedule.hpp"
#include "core/macros.hpp"
#include "core/math.hpp"
#include "core/member.hpp"
#include "core/normal.hpp"
#include "core/optimizer.hpp"
#include "core/param_layout.hpp"
#include "core/permutation.hpp"
#include "core/philox.hpp"
#include "core/progress.hpp"
#include "core/type_list.hpp"
#include "core/update_rule.hpp"

namespace brood {

__global__ void core_on_the_device(Member const* member, float const* in, float* out, int count) {
  int const i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i >= count) return;
  Member const& m = *member;
  ParamLayout const layout = param_layout(m);
  float sum = static_cast<float>(dense_size(layout)) + static_cast<float>(batch_rows(m, i));

  PhiloxKey const key = philox_key(m.seed);
  visit(Inits{}, m.init, [&](auto init) {
    initial_weights(init.law(m.width[0], m.width[1]), key, 0, static_cast<std::uint32_t>(i), 1,
                    out + i);
    sum += out[i];
  });
  BatchOrder const order = batch_order(m.seed, 0, static_cast<std::uint32_t>(m.train_rows));
  sum += in[row_at(order, static_cast<std::uint32_t>(i))];

  visit(Activations{}, m.activation, [&](auto activation) {
    auto const both = activation.apply(sum);
    sum = both.value + both.slope;
  });
  visit(Losses{}, m.loss, [&](auto loss) {
    if constexpr (!loss.kSoftmax) sum = loss.apply(sum, in[i], m.loss_settings).slope;
  });
  visit(InputShapes{}, i % InputShapes::size,
        [&](auto shape) { sum = shape.apply(sum, in[i], in[0]); });
  sum *= sign_of_head(head_signs(i).word[0], heads_of(m) - 1);
  sum += head_mean(m) == HeadMean::softmax ? log_of_share(sum) : 0.0f;
  if (has_scheduled_dropout(m)) sum *= dropout_at_step(m, m.input_dropout, i).kept;
  StepScalars const scalars = step_scalars(m, lr_at_step(m, i), i);
  float first = 0.0f, second = 0.0f;
  visit(Optimizers{}, m.optimizer,
        [&](auto optimizer) { sum -= optimizer.update(scalars, sum, first, second); });
  out[i] = sum + first + second;
}

}  // namespace brood
