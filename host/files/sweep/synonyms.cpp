// SPDX-License-Identifier: Apache-2.0
#include "files/sweep/synonyms.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "brood/member.hpp"
#include "brood/study.hpp"

namespace brood::files {

namespace {

constexpr std::string_view kName = "hyperparameter", kMetric = "metric", kMethod = "method";

// clang-format off
constexpr Synonyms kSynonyms[] = {
  {kName, "layers", "num_layers n_layers nb_layers layer_count num_hidden_layers n_hidden_layers "
   "hidden_layer hidden_layers hidden_layers_count hidden_layer_count number_of_layers number_of_hidden_layers n_hlayers nhl "
   "num_fc_layers n_fc_layers num_dense_layers n_dense_layers depth"},
  {kName, "width", "hidden_size hidden_sizes hidden_dim hidden_dims hidden_units hidden_width hidden_nodes "
   "hidden_neurons hidden_features hidden_channels hidden_layer_size hidden_layer_sizes hlayer_size layer_size "
   "layer_sizes layer_dims layer_width units num_units n_units num_hidden_units n_hidden_units neurons num_neurons "
   "n_neurons num_nodes n_nodes nodes nodes_per_layer neurons_per_layer units_per_layer fc_size fc_layer_size "
   "fc_layer_sizes fc_dim fc_units dense_units dense_size mlp_dim mlp_dims mlp_hidden_dim mlp_units mlp_size dim_hidden "
   "hidden_layer_dim hidden_layer_dims hidden_layer_width hidden_layer_units layer_units"},
  {kName, "activation", "activation_function activation_fn activation_func activation_type activations "
   "activation_functions act act_fn hidden_activation hidden_activations nonlinearity"},
  {kName, "init", "weight_init weights_init weight_initialization weight_initialisation weight_initializer w_init "
   "initialization initialisation initializer init_method init_mode init_strategy "
   "init_type initialization_method kernel_initializer"},
  {kName, "heads", "num_heads n_heads head_count tabm_k k_heads"},
  {kName, "dropout", "dropout_rate dropout_prob dropout_probability dropout_p drop_rate drop_prob p_dropout "
   "p_drop dropout_value dropout_p_value hidden_dropout hidden_dropout_prob mlp_dropout"},
  {kName, "input_dropout", "dropout_input input_dropout_rate input_drop_rate"},
  {kName, "loss", "loss_function loss_fn loss_func loss_type criterion objective"},
  {kName, "optimizer", "optimiser optimizer_name optimizer_type optim opt solver"},
  {kName, "lr", "learning_rate learn_rate learning_rate_init l_rate initial_lr init_lr initial_learning_rate base_lr "
   "start_lr eta"},
  {kName, "beta1", "adam_beta1"},
  {kName, "beta2", "adam_beta2"},
  {kName, "momentum_decay", "nadam_momentum_decay schedule_decay"},
  {kName, "eps", "epsilon adam_epsilon optimizer_eps"},
  {kName, "l1", "l1_reg l1_lambda l1_coeff l1_coef l1_penalty l1_regularization l1_weight"},
  {kName, "l2", "l2_reg l2_lambda l2_coeff l2_coef l2_penalty l2_regularization l2_weight"},
  {kName, "weight_decay", "wd weight_decay_rate decoupled_weight_decay"},
  {kName, "clip_norm", "max_grad_norm grad_norm_clip grad_clip grad_clip_norm clip_grad_norm clip_grad gradient_clip "
   "gradient_clipping gradient_clip_val max_norm"},
  {kName, "clip_value", "clip_grad_value grad_clip_value"},
  {kName, "ema", "ema_decay"},
  {kName, "batch_size", "bs batch train_batch_size batch_size_train mini_batch_size minibatch "
   "per_device_train_batch_size"},
  {kName, "epochs", "epoch n_epochs n_epoch num_epochs num_epoch nb_epochs nb_epoch max_epochs max_epoch "
   "num_train_epochs training_epochs train_epochs total_epochs number_of_epochs epoch_count"},
  {kName, "patience", "early_stopping_patience early_stop_patience es_patience stopping_patience"},
  {kName, "min_delta", "early_stopping_min_delta"},
  {kName, "lr_schedule", "scheduler lr_scheduler lr_scheduler_type scheduler_type learning_rate_schedule "
   "learning_rate_scheduler schedule lr_decay_type"},
  {kName, "warmup_epochs", "num_warmup_epochs n_warmup_epochs lr_warmup_epochs warmup"},
  {kName, "seed", "seeds random_seed random_state rng_seed"},
  {kName, "lr_gamma", "scheduler_gamma lr_decay_rate lr_decay_factor step_gamma"},
  {kName, "lr_step_epochs", "scheduler_step_size step_size lr_step lr_step_size lr_decay_epochs"},

  {"activation", "relu", "rectifier"},
  {"activation", "silu", "swish"},
  {"activation", "sigmoid", "logistic"},
  {"activation", "identity", "linear none"},
  {"init", "uniform", "pytorch default"},
  {"init", "xavier_uniform", "xavier glorot glorot_uniform"},
  {"init", "xavier_normal", "glorot_normal"},
  {"init", "he_uniform", "he kaiming kaiming_uniform kaiming_he random"},
  {"init", "he_normal", "kaiming_normal"},
  {"init", "lecun_normal", "lecun"},
  {"optimizer", "sgd", "gd vanilla_sgd stochastic stochastic_gradient_descent"},
  {"optimizer", "momentum", "sgdm sgd_momentum momentum_sgd momentum_gd sgd_with_momentum heavy_ball mgd"},
  {"optimizer", "nesterov", "nag sgd_nesterov nesterov_sgd nesterov_momentum nesterov_accelerated_gradient ngd"},
  {"optimizer", "rmsprop", "rms"},
  {"optimizer", "nadam", "nesterov_adam adam_nesterov nesterov_accelerated_adam"},
  {"loss", "cross_entropy", "ce categorical_cross_entropy sparse_categorical_cross_entropy cross_entropy_loss nll "
   "nll_loss softmax_cross_entropy"},
  {"loss", "bce", "binary_cross_entropy bce_loss bce_with_logits bce_with_logits_loss"},
  {"loss", "mse", "mean_squared_error mse_loss squared_error squared_loss l2 l2_loss"},
  {"loss", "mae", "mean_absolute_error mae_loss absolute_error l1 l1_loss"},
  {"loss", "huber", "huber_loss smooth_l1 smooth_l1_loss"},
  {"loss", "pinball", "quantile quantile_loss pinball_loss"},
  {"loss", "log_cosh", "log_cosh_loss"},
  {"loss", "poisson", "poisson_nll poisson_nll_loss"},
  {"loss", "tweedie", "tweedie_loss"},
  {"lr_schedule", "constant", "none constant_lr fixed"},
  {"lr_schedule", "step", "step_lr"},
  {"lr_schedule", "exponential", "exp exponential_lr"},
  {"lr_schedule", "cosine", "cosine_annealing cosine_annealing_lr cosine_decay cos"},
  {"lr_schedule", "linear", "linear_lr linear_decay"},
  {"lr_schedule", "one_cycle", "one_cycle_lr"},

  {kMethod, "bayes", "bayesian bayesian_optimization"},
  {kMethod, "random", "random_search"},
  {kMethod, "grid", "grid_search"},

  {kMetric, "accuracy", "acc accu accuracy_score categorical_accuracy sparse_categorical_accuracy binary_accuracy "
   "top1 top1_acc top1_accuracy acc1 acc_top1 multiclass_accuracy classification_accuracy"},
  {kMetric, "balanced_accuracy", "balanced_acc bal_acc bacc balanced_accuracy_score"},
  {kMetric, "precision", "precision_score"},
  {kMetric, "recall", "recall_score sensitivity true_positive_rate tpr"},
  {kMetric, "f1", "f1_score f_score"},
  {kMetric, "f1_macro", "macro_f1 f1_score_macro macro_f1_score"},
  {kMetric, "mcc", "matthews matthews_corrcoef matthews_correlation"},
  {kMetric, "pr_auc", "auprc auc_pr average_precision average_precision_score"},
  {kMetric, "brier", "brier_score brier_score_loss"},
  {kMetric, "auc", "roc_auc auc_roc auroc roc_auc_score"},
  {kMetric, "log_loss", "nll cross_entropy cross_entropy_loss ce_loss"},
  {kMetric, "mse", "mean_squared_error mse_loss"},
  {kMetric, "rmse", "root_mean_squared_error rmse_loss"},
  {kMetric, "mae", "mean_absolute_error mae_loss l1_loss"},
  {kMetric, "r2", "r2_score r_squared"},
};

// Rows that a metric is of, and which of its values; all are the last value on validation rows here.
constexpr std::string_view kRows[] = {"validation", "valid", "val", "evaluation", "eval", "dev", "test",
                                      "holdout", "cv", "best", "final", "last", "epoch", "mean", "avg", "average"};

constexpr std::string_view kNothing =
    "config wandb_project wandb_entity wandb_run_name wandb_mode wandb use_wandb project project_name entity run_name "
    "exp_name experiment experiment_name group tags notes job_type log_dir logdir save_dir output_dir results_dir "
    "data_dir data_path data_file dataset dataset_name data_name device gpu gpus num_gpus accelerator num_workers "
    "n_workers workers verbose log_every log_interval log_every_n_steps save_model run mode";

// What is trained here, as a model's name.
constexpr std::string_view kDense = "mlp dense fc fcn nn ann dnn fnn ffn ffnn feedforward feed_forward "
                                    "fully_connected multilayer_perceptron multi_layer_perceptron neural_network";

constexpr std::pair<std::string_view, std::string_view> kAdvice[] = {
  {"beta", "momentum (of momentum and nesterov), rho (of rmsprop) or beta1 (of adam) may be meant; write which"},
  {"alpha", "lr, l2, rho or the slope of an activation may be meant; write which"},
  {"gamma", "lr_gamma, the factor of the step and exponential lr_schedule, may be meant; write it so"},
  {"decay", "weight_decay, lr_gamma or rho may be meant; write which"},
  {"lambda", "l1, l2 or weight_decay may be meant; write which"},
  {"reg", "l1, l2 or weight_decay may be meant; write which"},
  {"n_hidden", "layers or width may be meant; write which"},
  {"num_hidden", "layers or width may be meant; write which"},
  {"size", "width may be meant; write it so"},
  {"batch_norm", "networks have no batch normalization here; leave it out"},
  {"batchnorm", "networks have no batch normalization here; leave it out"},
  {"use_batch_norm", "networks have no batch normalization here; leave it out"},
  {"use_bn", "networks have no batch normalization here; leave it out"},
  {"normalization", "networks have no normalization of layers here; leave it out"},
  {"layer_norm", "networks have no layer normalization here; leave it out"},
  {"skip_connections", "networks have no skip connections here; leave it out"},
  {"residual", "networks have no skip connections here; leave it out"},
  {"use_grad_clipping", "say it by clip_norm, of which 0 is off"},
  {"optimizer_momentum", "momentum may be meant; write it so"},
  {"model", "networks are of dense layers; say their shape by hidden, or by layers and width"},
  {"model_type", "networks are of dense layers; say their shape by hidden, or by layers and width"},
  {"model_name", "networks are of dense layers; say their shape by hidden, or by layers and width"},
  {"filters", "networks are of dense layers, without convolutions"},
  {"num_filters", "networks are of dense layers, without convolutions"},
  {"n_filters", "networks are of dense layers, without convolutions"},
  {"kernel_size", "networks are of dense layers, without convolutions"},
  {"augmentation", "rows are taken as they are"},
  {"data_augmentation", "rows are taken as they are"},
  {"normalize", "numeric columns are standardised always; leave it out"},
  {"train_size", "say it under validation, such as validation: {holdout: 0.2, test: 0.2}"},
  {"train_split", "say it under validation, such as validation: {holdout: 0.2}"},
  {"val_ratio", "say it under validation, such as validation: {holdout: 0.2}"},
  {"val_split", "say it under validation, such as validation: {holdout: 0.2}"},
  {"validation_split", "say it under validation, such as validation: {holdout: 0.2}"},
  {"k_folds", "say it under validation, such as validation: {folds: 5}"},
  {"n_folds", "say it under validation, such as validation: {folds: 5}"},
  {"folds", "say it under validation, such as validation: {folds: 5}"},
  {"cv_folds", "say it under validation, such as validation: {folds: 5}"},
  {"test_size", "say it under validation, such as validation: {test: 0.2}"},
};
// clang-format on

void add_words(std::string_view words, std::string const& meant,
               std::unordered_map<std::string, std::string>& table) {
  for (std::size_t begin = 0; begin < words.size();) {
    std::size_t const end = std::min(words.find(' ', begin), words.size());
    table.emplace(letters_of(words.substr(begin, end - begin)), meant);
    begin = end + 1;
  }
}

using Words = std::unordered_map<std::string, std::string>;

Words words_in(std::string_view list) {
  Words words;
  add_words(list, "", words);
  return words;
}

// The names themselves, then their synonyms.
Words make_words(std::string_view of) {
  Words words;
  if (of == kMetric) {
    for (MetricInfo const& metric : metrics())
      add_words(metric.name, std::string(metric.name), words);
  }
  for (HyperparameterInfo const& info : hyperparameters()) {
    if (of == kName) add_words(info.name, std::string(info.name), words);
    if (of != info.name) continue;
    for (std::string_view const choice : info.choices)
      add_words(choice, std::string(choice), words);
  }
  for (Synonyms const& each : kSynonyms) {
    if (each.of == of) add_words(each.words, std::string(each.meant), words);
  }
  return words;
}

Words const& words_of(std::string_view of) {
  static auto const all = [] {
    std::unordered_map<std::string, Words> tables;
    for (std::string_view const each : {kName, kMetric, kMethod})
      tables.emplace(each, make_words(each));
    for (HyperparameterInfo const& info : hyperparameters()) {
      if (!info.choices.empty()) tables.emplace(info.name, make_words(info.name));
    }
    return tables;
  }();
  static Words const none;
  auto const found = all.find(std::string(of));
  return found == all.end() ? none : found->second;
}

std::string meant_in(Words const& words, std::string const& letters) {
  auto const found = words.find(letters);
  return found == words.end() ? "" : found->second;
}

// What one hidden layer has of its own, by letters without its number: "width", "dropout", or empty
// if they mean neither. They may say, before or after, that it is a layer.
std::string meant_of_a_layer(std::string const& letters) {
  auto const meant = [](std::string const& rest) -> std::string {
    if (rest == "drop") return "dropout";
    std::string const name = meant_in(words_of(kName), rest);
    return name == "width" || name == "dropout" ? name : "";
  };
  std::string name = meant(letters);
  for (std::string_view const layer : {"hiddenlayer", "hidden", "layer", "fc", "dense", "h", "l"}) {
    if (!name.empty()) return name;
    if (letters == layer) return layer == "l" ? "" : "width";
    if (letters.starts_with(layer)) name = meant(letters.substr(layer.size()));
    if (name.empty() && letters.ends_with(layer))
      name = meant(letters.substr(0, letters.size() - layer.size()));
  }
  return name;
}

}  // namespace

std::span<Synonyms const> synonyms() {
  return kSynonyms;
}

std::string letters_of(std::string_view word) {
  std::string letters;
  for (char const c : word) {
    if (c >= 'A' && c <= 'Z') {
      letters += static_cast<char>(c - 'A' + 'a');
    } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      letters += c;
    }
  }
  return letters;
}

std::string hyperparameter_meant(std::string_view word, bool is_list) {
  std::string const letters = letters_of(word);
  std::string meant = meant_in(words_of(kName), letters);
  if (is_list && (meant == "layers" || meant == "width")) return "hidden";
  if (is_list && meant == "dropout") return "layer_dropout";
  if (!meant.empty()) return meant;
  // With the number of its layer: units_1, hidden_size2, fc1_size, dropout_l0, layer_3_units.
  std::size_t const digit = letters.find_first_of("0123456789");
  if (digit == std::string::npos || letters[digit] == '9') return "";
  std::string const name = meant_of_a_layer(without_number(letters));
  return name.empty() ? "" : name + '_' + letters[digit];
}

std::string without_number(std::string_view word) {
  std::string letters = letters_of(word);
  std::size_t const digit = letters.find_first_of("0123456789");
  if (digit != std::string::npos) letters.erase(digit, 1);
  return letters;
}

// torch.optim.Adam is adam.
std::string choice_meant(std::string_view hyperparameter, std::string_view word) {
  Words const& words = words_of(hyperparameter);
  std::string meant = meant_in(words, letters_of(word));
  std::size_t const dot = word.rfind('.');
  if (!meant.empty() || dot == std::string_view::npos) return meant;
  return meant_in(words, letters_of(word.substr(dot + 1)));
}

std::string metric_meant(std::string_view word) {
  std::string letters = letters_of(word);
  Words const& words = words_of(kMetric);
  for (bool shorter = true; shorter;) {
    if (std::string meant = meant_in(words, letters); !meant.empty()) return meant;
    shorter = false;
    for (std::string_view const rows : kRows) {
      if (letters.size() <= rows.size()) continue;
      bool const first = letters.starts_with(rows);
      if (!first && !letters.ends_with(rows)) continue;
      letters.erase(first ? 0 : letters.size() - rows.size(), rows.size());
      shorter = true;
      break;
    }
  }
  return "";
}

bool says_nothing(std::string_view word, std::string_view value) {
  static Words const keys = words_in(kNothing), dense = words_in(kDense);
  std::string const letters = letters_of(word);
  bool const model = letters == "model" || letters == "modelname" || letters == "modeltype" ||
                     letters == "architecture" || letters == "arch";
  return keys.contains(letters) || (model && dense.contains(letters_of(value)));
}

std::string_view advice_on(std::string_view word) {
  std::string const letters = letters_of(word);
  for (auto const& [each, advice] : kAdvice) {
    if (letters_of(each) == letters) return advice;
  }
  return "";
}

}  // namespace brood::files
